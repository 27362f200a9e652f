/* The coverage page: draws what the page itself holds; asks nothing of any network and stores nothing. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var byId = function (id) { return document.getElementById(id); };

  /* Rings are written as differences of whole numbers, five bits a character. */
  function decode(text) {
    var points = [], at = 0, lat = 0, lon = 0;
    function next() {
      var value = 0, shift = 0, code;
      do { code = text.charCodeAt(at++) - 63; value |= (code & 31) << shift; shift += 5; } while (code >= 32);
      return value & 1 ? ~(value >> 1) : value >> 1;
    }
    while (at < text.length) { lat += next(); lon += next(); points.push([lat / data.scale, lon / data.scale]); }
    return points;
  }
  function rings(list) { return list.map(decode); }
  function element(tag, text, name) {
    var made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (name) made.className = name;
    return made;
  }

  var map = L.map("map", {
    attributionControl: false, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: 7, maxZoom: 13,
    maxBounds: L.latLngBounds(data.bounds).pad(0.35), fadeAnimation: false, zoomAnimation: true
  });
  map.fitBounds(data.core);
  var box = map.getContainer();
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", "Map of the study area. Arrow keys move it, plus and minus zoom, tab goes from site to site.");
  L.control.zoom({ position: "topleft", zoomInTitle: "Zoom in", zoomOutTitle: "Zoom out" }).addTo(map);
  L.control.scale({ position: "bottomright" }).addTo(map);
  var Whole = L.Control.extend({
    options: { position: "topleft" },
    onAdd: function () {
      var bar = L.DomUtil.create("div", "leaflet-bar"), link = L.DomUtil.create("a", "", bar);
      link.href = "#map"; link.textContent = "⤢"; link.title = "Whole study area"; link.setAttribute("role", "button");
      link.setAttribute("aria-label", "Show the whole study area");
      L.DomEvent.on(link, "click", function (event) { L.DomEvent.stop(event); map.fitBounds(data.bounds); });
      return bar;
    }
  });
  map.addControl(new Whole());

  /* Panes fix what lies above what, whichever layer is switched on last. */
  [["land", 210], ["cover", 220], ["referral", 230], ["lines", 240], ["circles", 250], ["names", 590], ["sites", 620]].forEach(
    function (pane) {
      map.createPane(pane[0]).style.zIndex = pane[1];
      if (pane[0] !== "sites" && pane[0] !== "circles" && pane[0] !== "referral") map.getPane(pane[0]).style.pointerEvents = "none";
    }
  );
  function brush(pane) { return L.svg({ pane: pane, padding: 0.4 }); }
  var brushes = {};
  ["land", "cover", "referral", "lines", "circles"].forEach(function (pane) { brushes[pane] = brush(pane); });
  function area(list, pane, style) {
    return L.polygon(rings(list), Object.assign({ pane: pane, renderer: brushes[pane], stroke: false, fillOpacity: 1, interactive: false, smoothFactor: 0.6 }, style));
  }
  function lines(list, style) {
    return L.polyline(rings(list), Object.assign({ pane: "lines", renderer: brushes.lines, interactive: false, smoothFactor: 0.8, opacity: 1 }, style));
  }

  var ground = data.ground;
  area(ground.outline, "land", { fillColor: data.beyond }).addTo(map);
  lines(ground.counties, { color: "#8d8a82", weight: 1 }).addTo(map);
  lines(ground.river, { color: "#7fb2dd", weight: 2.4 }).addTo(map);
  lines(ground.roads, { color: "#fff", weight: 5, opacity: 0.8 }).addTo(map);
  lines(ground.roads, { color: "#3d3d46", weight: 2.4 }).addTo(map);
  lines(ground.stateLine, { color: "#1d1d28", weight: 1.8, dashArray: "8 3 2 3", lineCap: "butt" }).addTo(map);

  var names = L.layerGroup();
  function label(text, lat, lon, kind) {
    var span = element("div"), inner = element("span", text);
    span.appendChild(inner);
    return L.marker([lat, lon], { pane: "names", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "name " + kind, html: span.firstChild, iconSize: [0, 0] }) });
  }
  function shield(number, lat, lon) {
    var wide = number.length > 2 ? 30 : 24;
    var path = "M0 -.8L.4 -.93 .72 -.8 .93 -.42 1 .02 .82 .46 .46 .82 0 1 -.46 .82 -.82 .46 -1 .02 -.93 -.42 -.72 -.8 -.4 -.93Z";
    var html = '<svg aria-hidden="true" width="' + wide + '" height="' + wide + '" viewBox="-1.1 -1.1 2.2 2.2"><path d="' + path +
      '" fill="#123f8c" stroke="#fff" stroke-width=".12"/><path d="M-.93 -.42L-.72 -.8 -.4 -.93 0 -.8 .4 -.93 .72 -.8 .93 -.42Z" fill="#b3202c"/>' +
      '<text x="0" y=".42" text-anchor="middle" font-size="' + (number.length > 2 ? 0.78 : 0.95) + '" font-weight="700" fill="#fff">' + number + "</text></svg>";
    return L.marker([lat, lon], { pane: "names", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "shield", html: html, iconSize: [wide, wide] }) });
  }
  /* Names come in order of size; one that would cover another waits until the map is nearer. */
  function placeNames() {
    names.clearLayers();
    if (!byId("show-names").checked) return;
    var taken = [], size = map.getSize();
    function free(x0, y0, x1, y1) {
      if (x1 < 0 || y1 < 0 || x0 > size.x || y0 > size.y) return false;
      for (var i = 0; i < taken.length; i++) {
        var t = taken[i];
        if (x0 < t[2] && x1 > t[0] && y0 < t[3] && y1 > t[1]) return false;
      }
      taken.push([x0 - 2, y0 - 2, x1 + 2, y1 + 2]);
      return true;
    }
    ground.towns.slice(0, 3).concat(ground.shields, ground.names, ground.towns.slice(3)).forEach(function (row) {
      var text = row[0], at = map.latLngToContainerPoint([row[1], row[2]]), wide = text.length * 7.4;
      if (row[3] === "shield") {
        if (free(at.x - 15, at.y - 15, at.x + 15, at.y + 15)) shield(text, row[1], row[2]).addTo(names);
      } else if (row[3] === "county") {
        if (free(at.x - wide / 2, at.y - 8, at.x + wide / 2, at.y + 8)) label(text, row[1], row[2], "county").addTo(names);
      } else if (free(at.x - 3, at.y - 8, at.x + 8 + wide, at.y + 8)) label(text, row[1], row[2], "town").addTo(names);
    });
  }
  names.addTo(map);

  /* Layers of one kind of help are drawn when first asked for and kept. */
  var made = {}, current = null;
  function cover(key) {
    if (made[key]) return made[key];
    var layer = data.layers[key], group = L.layerGroup();
    for (var i = layer.classes.length - 1; i >= 0; i--) {
      area(layer.classes[i], "cover", { fillColor: layer.colours[i] }).addTo(group);
    }
    if (layer.lost.length) area(layer.lost, "cover", { className: "lost", fillColor: "#fff" }).addTo(group);
    made[key] = group;
    return group;
  }

  var shapes = {
    P: "M-3 -8H3V-3H8V3H3V8H-3V3H-8V-3H-3Z", "^": "M0 -8L8 7H-8Z", o: "M-7 0A7 7 0 1 1 7 0A7 7 0 1 1 -7 0Z",
    s: "M-6.5 -6.5H6.5V6.5H-6.5Z", D: "M0 -8L8 0 0 8 -8 0Z", v: "M0 8L8 -7H-8Z"
  };
  function symbol(family, rough) {
    var look = data.families[family];
    return '<svg aria-hidden="true" width="22" height="22" viewBox="-11 -11 22 22"><path d="' + shapes[look.marker] + '" fill="' +
      (rough ? "#fff" : look.colour) + '" stroke="' + (rough ? look.colour : "#fff") + '" stroke-width="' + (rough ? 2.6 : 1.6) + '"/></svg>';
  }
  function popup(site) {
    var box = element("div");
    site.services.forEach(function (service) {
      box.appendChild(element("p", service.name, "title"));
      box.appendChild(element("p", service.kinds.map(function (kind) { return data.labels[kind]; }).join(", "), "kinds"));
      if (service.hours) box.appendChild(element("p", "Hours: " + service.hours));
      if (service.phone.length) {
        var line = element("p", "Phone ");
        service.phone.forEach(function (piece) {
          var part = element(piece[1] ? "a" : "span", piece[0]);
          if (piece[1]) part.href = "tel:" + piece[1];
          line.appendChild(part);
        });
        box.appendChild(line);
      }
      box.appendChild(element("p", "Check before you call or go: " + (service.year ? "record of " + service.year + "." : "age of the record unknown."), "check"));
    });
    if (site.rough) box.appendChild(element("p", "Place known by ZIP code only.", "kinds"));
    return box;
  }
  var markers = data.sites.map(function (site) {
    var text = site.services[0].name + (site.services.length > 1 ? " and " + (site.services.length - 1) + " more" : "");
    var marker = L.marker([site.lat, site.lon], { pane: "sites", riseOnHover: true, title: text, alt: text,
      icon: L.divIcon({ className: "site", html: symbol(site.family, site.rough), iconSize: [24, 24], popupAnchor: [0, -8] }) });
    marker.bindPopup(function () { return popup(site); }, { maxWidth: 290, minWidth: 200 });
    marker.on("add", function () { marker.getElement().setAttribute("aria-label", text); });
    return { marker: marker, site: site };
  });

  var referral = L.layerGroup().addTo(map), circles = L.layerGroup();
  function drawReferral() {
    referral.clearLayers();
    var layer = data.layers[current];
    if (!byId("show-referral").checked) return;
    if (layer.hatched && layer.hatched.length) {
      area(layer.hatched, "referral", { className: "referral" }).addTo(referral);
    }
    (layer.counties || []).forEach(function (number) {
      var county = ground.areas[number];
      var shape = area(county.rings, "referral", { className: "referral", interactive: true });
      shape.bindPopup(function () {
        var box = element("div");
        box.appendChild(element("p", county.name + " County", "title"));
        box.appendChild(element("p", "A confidential service of this kind (" + layer.label.toLowerCase() + ") serves this area. Its place is not shown: call " + data.hotline + "."));
        return box;
      });
      shape.addTo(referral);
    });
  }
  function drawCircles() {
    circles.clearLayers();
    if (!data.layers[current].circles) { map.removeLayer(circles); return; }
    data.circles.forEach(function (row) {
      var dot = L.circleMarker([row[1], row[2]], { pane: "circles", renderer: brushes.circles, radius: Math.max(2.5, Math.sqrt(row[3] / 10000) * 6.5),
        color: "#fff", weight: 1, fillColor: "#a83400", fillOpacity: 0.95 });
      dot.bindPopup(function () {
        var box = element("div");
        box.appendChild(element("p", "ZIP area " + row[0], "title"));
        box.appendChild(element("p", row[3].toLocaleString("en-US") + " people. Out of reach: " + row[4] + "."));
        return box;
      });
      dot.addTo(circles);
    });
    circles.addTo(map);
  }
  function drawSites() {
    var own = byId("show-sites").checked, others = byId("show-others").checked, kinds = data.layers[current].kinds;
    markers.forEach(function (item) {
      var mine = item.site.services.some(function (service) { return service.kinds.some(function (kind) { return kinds.indexOf(kind) >= 0; }); });
      if (mine ? own : others) item.marker.addTo(map); else map.removeLayer(item.marker);
    });
  }
  function swatch(fill, hatch) {
    return '<svg aria-hidden="true" width="26" height="15"><rect x=".5" y=".5" width="25" height="14" fill="' + fill + '" stroke="#77746c"/>' +
      (hatch ? '<rect x="1" y="1" width="24" height="13" fill="url(#' + hatch + ')"/>' : "") + "</svg>";
  }
  function drawLegend() {
    var layer = data.layers[current], list = byId("legend");
    byId("legend-title").textContent = layer.heading;
    list.textContent = "";
    function add(svg, text) { var item = element("li"); item.innerHTML = svg; item.appendChild(element("span", text)); list.appendChild(item); }
    layer.classLabels.forEach(function (text, i) { add(swatch(layer.colours[i]), text); });
    add(swatch(data.beyond), layer.beyondLabel);
    if (!layer.circles) add(swatch("#fff", "kc-lost"), "not connected");
    add(swatch("#fff", "kc-referral"), layer.circles ? "the rest by referral: call" : "confidential service: call");
    if (layer.circles) add('<svg aria-hidden="true" width="26" height="15"><circle cx="13" cy="7.5" r="6" fill="#a83400"/></svg>', "people in places that lack one");
    Object.keys(data.families).forEach(function (key) {
      var used = data.sites.some(function (site) {
        return site.family === key && site.services.some(function (service) { return service.kinds.some(function (kind) { return layer.kinds.indexOf(kind) >= 0; }); });
      });
      if (used) add(symbol(key, false).replace('width="22" height="22"', 'width="26" height="16"'), data.families[key].label);
    });
  }
  function drawGroups() {
    var table = byId("groups"), rows = data.layers[current].groups;
    table.textContent = "";
    byId("groups-title").textContent = "Who is within reach: " + data.layers[current].label.toLowerCase();
    if (!rows || !rows.length) { table.hidden = true; byId("groups-title").hidden = true; return; }
    table.hidden = false; byId("groups-title").hidden = false;
    var head = element("tr");
    data.groupHead.forEach(function (text) { var cell = element("th", text); cell.scope = "col"; head.appendChild(cell); });
    table.appendChild(element("thead")).appendChild(head);
    var body = table.appendChild(element("tbody"));
    rows.forEach(function (row) {
      var line = element("tr");
      row.forEach(function (text, i) { var cell = element(i ? "td" : "th", text); if (!i) cell.scope = "row"; line.appendChild(cell); });
      body.appendChild(line);
    });
  }
  function choose(key) {
    if (current && made[current]) map.removeLayer(made[current]);
    current = key;
    if (byId("show-colours").checked) cover(key).addTo(map);
    drawReferral(); drawCircles(); drawSites(); drawLegend(); drawGroups();
    byId("said").textContent = data.layers[key].said;
    byId("said-note").textContent = data.layers[key].note || "";
    document.querySelectorAll(".choice tbody tr").forEach(function (row) { row.classList.toggle("chosen", row.dataset.key === key); });
  }

  /* A popup is a small dialogue: it takes the focus, Escape closes it, and the focus goes back to where it was. */
  var opener = null;
  map.on("popupopen", function (event) {
    var box = event.popup.getElement(), title = box.querySelector(".title");
    opener = event.popup._source && event.popup._source.getElement ? event.popup._source.getElement() : null;
    box.setAttribute("role", "dialog");
    box.setAttribute("aria-label", title ? title.textContent : "Details");
    box.tabIndex = -1;
    box.focus({ preventScroll: true });
  });
  map.on("popupclose", function () {
    /* The popup has left the page by now, and took the focus with it. */
    if (opener && opener.focus && document.activeElement === document.body) opener.focus({ preventScroll: true });
    opener = null;
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") map.closePopup();
  });

  /* Hatches live in one hidden drawing; paths refer to them by style. */
  var defs = element("div");
  defs.innerHTML = '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>' +
    '<pattern id="kc-referral" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" stroke="#1d1d28" stroke-width="1.3"/></pattern>' +
    '<pattern id="kc-lost" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M0 0L7 7M7 0L0 7" stroke="#50505b" stroke-width=".8"/></pattern></defs></svg>' +
    "<style>path.referral{fill:url(#kc-referral);fill-opacity:.5}path.lost{fill:url(#kc-lost)}</style>";
  document.body.appendChild(defs);

  document.querySelectorAll('input[name="layer"]').forEach(function (input) {
    input.addEventListener("change", function () { choose(input.value); });
  });
  byId("show-colours").addEventListener("change", function (event) {
    if (event.target.checked) cover(current).addTo(map); else map.removeLayer(cover(current));
  });
  byId("show-sites").addEventListener("change", drawSites);
  byId("show-others").addEventListener("change", drawSites);
  byId("show-referral").addEventListener("change", drawReferral);
  byId("show-names").addEventListener("change", placeNames);
  map.on("moveend zoomend resize", placeNames);
  byId("quit").addEventListener("click", function (event) {
    event.preventDefault();
    document.body.textContent = "";
    window.location.replace(event.currentTarget.href);
  });
  if (window.matchMedia("(max-width: 900px)").matches) byId("legend-box").removeAttribute("open");
  choose(document.querySelector('input[name="layer"]:checked').value);
  placeNames();
})();
