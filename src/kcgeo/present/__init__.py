"""How is it shown? Figures, web maps, slides, tables."""

from kcgeo.present.base import Background, Panel, background
from kcgeo.present.charts import reporting_chart
from kcgeo.present.corridors import corridor_chart, gap_miles
from kcgeo.present.explorer import explorer_page
from kcgeo.present.gallery import Item, Section, gallery_page, plate_item
from kcgeo.present.interactive import OfflineMap, explore_map
from kcgeo.present.maps import drive_time_map, drive_time_sheet, gap_map, orientation_map
from kcgeo.present.plate import Note, Plate
from kcgeo.present.saving import save_figure
from kcgeo.present.tables import write_tables
from kcgeo.present.web import Page, coverage_page, save_page

__all__ = [
    "Background",
    "Item",
    "Note",
    "OfflineMap",
    "Page",
    "Panel",
    "Plate",
    "Section",
    "background",
    "corridor_chart",
    "coverage_page",
    "drive_time_map",
    "drive_time_sheet",
    "explore_map",
    "explorer_page",
    "gallery_page",
    "gap_map",
    "gap_miles",
    "orientation_map",
    "plate_item",
    "reporting_chart",
    "save_figure",
    "save_page",
    "write_tables",
]
