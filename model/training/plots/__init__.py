"""Pictures of results: each function takes values and gives a figure; nothing is shown, nothing is kept between two."""
