"""How is it shown? Figures, web maps, slides, tables."""

from kcgeo.present.attack import attack_map
from kcgeo.present.base import Background, Panel, background
from kcgeo.present.certainty import certainty_map, hot_spot_map, interval_chart
from kcgeo.present.charts import reported_states, reporting_chart
from kcgeo.present.claims import claims_chart
from kcgeo.present.corridors import corridor_chart, gap_miles
from kcgeo.present.drive_times import drive_time_map, drive_time_sheet
from kcgeo.present.equity import group_gap_chart, lorenz_chart
from kcgeo.present.explorer import explorer_page
from kcgeo.present.gallery import Item, Section, gallery_page, plate_item
from kcgeo.present.geopackage import write_geopackage
from kcgeo.present.interactive import OfflineMap, explore_map
from kcgeo.present.maps import gap_map, orientation_map
from kcgeo.present.matrix import matrix_chart, matrix_map
from kcgeo.present.plate import Note, Plate
from kcgeo.present.saving import save_figure, save_slide
from kcgeo.present.sheet import PRINT, SLIDE, Sheet
from kcgeo.present.siting import siting_map
from kcgeo.present.siting_charts import group_chart, pareto_chart
from kcgeo.present.siting_page import siting_page
from kcgeo.present.siting_web import siting_web_page
from kcgeo.present.siting_words import PlanWords, plan_words
from kcgeo.present.tables import write_tables
from kcgeo.present.transit import transit_gap_map, transit_time_map
from kcgeo.present.web import Page, coverage_page, save_page

__all__ = [
    "PRINT",
    "SLIDE",
    "Background",
    "Item",
    "Note",
    "OfflineMap",
    "Page",
    "Panel",
    "PlanWords",
    "Plate",
    "Section",
    "Sheet",
    "attack_map",
    "background",
    "certainty_map",
    "claims_chart",
    "corridor_chart",
    "coverage_page",
    "drive_time_map",
    "drive_time_sheet",
    "explore_map",
    "explorer_page",
    "gallery_page",
    "gap_map",
    "gap_miles",
    "group_chart",
    "group_gap_chart",
    "hot_spot_map",
    "interval_chart",
    "lorenz_chart",
    "matrix_chart",
    "matrix_map",
    "orientation_map",
    "pareto_chart",
    "plan_words",
    "plate_item",
    "reported_states",
    "reporting_chart",
    "save_figure",
    "save_page",
    "save_slide",
    "siting_map",
    "siting_page",
    "siting_web_page",
    "transit_gap_map",
    "transit_time_map",
    "write_geopackage",
    "write_tables",
]
