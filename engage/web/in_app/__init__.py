"""The in-app inbox for a customer's browser: the web component and the API behind it."""
