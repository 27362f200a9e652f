"""A whole study at once: which maps, tables and pages make the folder of maps and the export."""
