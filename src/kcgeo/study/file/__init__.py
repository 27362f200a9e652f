"""Study files: a new one, and layers added to one."""
