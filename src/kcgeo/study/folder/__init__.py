"""The only place that makes a folder of results: tables, figures, pages, notebooks, manifest, one rename."""

from kcgeo.study.folder.manifest import refuse_foreign_folder
from kcgeo.study.folder.writer import write

__all__ = ["refuse_foreign_folder", "write"]
