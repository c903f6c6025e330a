"""What the first screen shows: a card for each recipe, a tour, and a glossary."""
