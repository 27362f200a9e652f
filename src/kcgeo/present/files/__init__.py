"""Released tables as files for other programs: CSV, GeoPackage, GeoParquet, HSDS."""
