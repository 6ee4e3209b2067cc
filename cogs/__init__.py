"""What people in Discord touch: slash commands, buttons, forms, messages."""
