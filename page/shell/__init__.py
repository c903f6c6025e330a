"""What all screens share: the frame, Markdown, the client of the stages."""
