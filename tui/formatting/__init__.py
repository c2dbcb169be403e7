"""Values as text and colours."""
