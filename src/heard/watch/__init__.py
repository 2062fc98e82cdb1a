"""What a standing order asks of people: who has read it, who keeps it, and what rings when nobody does."""
