"""The networks that we own or build from library parts."""
