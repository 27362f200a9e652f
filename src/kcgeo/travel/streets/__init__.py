"""Networks of real streets, and how places join them."""
