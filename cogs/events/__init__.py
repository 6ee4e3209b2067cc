"""What people in Discord touch of events: commands, cards, buttons, forms, and what happens when they are due."""
