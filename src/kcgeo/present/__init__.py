"""How is it shown? Figures, web maps, slides, tables."""

from kcgeo.present.figures.attack_map import attack_map
from kcgeo.present.figures.change_map import change_map
from kcgeo.present.figures.charts.certainty_charts import certainty_map, hot_spot_map, interval_chart
from kcgeo.present.figures.charts.chain_chart import chain_chart
from kcgeo.present.figures.charts.corridor_chart import corridor_chart, gap_miles
from kcgeo.present.figures.charts.equity_charts import group_gap_chart, lorenz_chart
from kcgeo.present.figures.charts.matrix_charts import matrix_chart, matrix_map
from kcgeo.present.figures.charts.reporting import reported_states, reporting_chart
from kcgeo.present.figures.charts.siting_charts import group_chart, pareto_chart
from kcgeo.present.figures.charts.week_chart import week_chart
from kcgeo.present.figures.claims import claims_chart
from kcgeo.present.figures.county import County, county_facts, county_ground, county_map, county_page
from kcgeo.present.figures.drive_times import drive_time_map, drive_time_sheet
from kcgeo.present.figures.gap_maps import gap_map, orientation_map
from kcgeo.present.figures.reach_map import catchment_map, reach_map
from kcgeo.present.figures.siting_map import siting_map
from kcgeo.present.figures.transit_maps import transit_gap_map, transit_time_map
from kcgeo.present.files.geopackage import write_geopackage
from kcgeo.present.files.tables import write_tables
from kcgeo.present.look.background import Background, Panel, background, edge_of
from kcgeo.present.look.plan_words import PlanWords, plan_words
from kcgeo.present.look.plate import Note, Plate
from kcgeo.present.look.saving import save_figure, save_slide
from kcgeo.present.look.sheet import PRINT, SLIDE, Sheet
from kcgeo.present.paper.cards import card_lines, write_cards
from kcgeo.present.paper.siting_page import siting_page
from kcgeo.present.web.county_web import county_web_page
from kcgeo.present.web.coverage_page import coverage_page
from kcgeo.present.web.explorer_page import explorer_page
from kcgeo.present.web.gallery_page import Item, Section, gallery_page, plate_item
from kcgeo.present.web.interactive import OfflineMap, explore_map
from kcgeo.present.web.page import Page, save_page
from kcgeo.present.web.siting_web import siting_web_page
from kcgeo.present.web.story_page import Story, story_page

__all__ = [
    "PRINT",
    "SLIDE",
    "Background",
    "County",
    "Item",
    "Note",
    "OfflineMap",
    "Page",
    "Panel",
    "PlanWords",
    "Plate",
    "Section",
    "Sheet",
    "Story",
    "attack_map",
    "background",
    "card_lines",
    "catchment_map",
    "certainty_map",
    "chain_chart",
    "change_map",
    "claims_chart",
    "corridor_chart",
    "county_facts",
    "county_ground",
    "county_map",
    "county_page",
    "county_web_page",
    "coverage_page",
    "drive_time_map",
    "drive_time_sheet",
    "edge_of",
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
    "reach_map",
    "reported_states",
    "reporting_chart",
    "save_figure",
    "save_page",
    "save_slide",
    "siting_map",
    "siting_page",
    "siting_web_page",
    "story_page",
    "transit_gap_map",
    "transit_time_map",
    "week_chart",
    "write_cards",
    "write_geopackage",
    "write_tables",
]
