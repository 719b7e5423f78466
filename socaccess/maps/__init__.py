"""Maps: the one file that is handed over, and folium for exploring in Jupyter."""

from socaccess.maps.folium_map import explore
from socaccess.maps.webmap import embed_map, render_map, save_map

__all__ = ["embed_map", "explore", "render_map", "save_map"]
