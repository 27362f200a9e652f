"""How is it shown? Figures, web maps, slides, tables."""

from kcgeo.present.base import Background, Panel, background
from kcgeo.present.charts import reporting_chart
from kcgeo.present.maps import drive_time_map, drive_time_sheet, gap_map, orientation_map
from kcgeo.present.plate import Note, Plate, save_figure
from kcgeo.present.tables import write_tables

__all__ = [
    "Background",
    "Note",
    "Panel",
    "Plate",
    "background",
    "drive_time_map",
    "drive_time_sheet",
    "gap_map",
    "orientation_map",
    "reporting_chart",
    "save_figure",
    "write_tables",
]
