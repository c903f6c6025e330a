"""What the page is made of: it shows what the stages left and starts them; it changes no data itself."""
