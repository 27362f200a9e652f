/* What the map pages share: reading short texts, and a map with land, borders, river, roads, shields and names. */
function kcText(scale) {
  "use strict";
  /* Whole numbers are written five bits a character, the sign in the lowest bit. */
  function numbers(text) {
    var found = [], at = 0, value, shift, code;
    while (at < text.length) {
      value = 0; shift = 0;
      do { code = text.charCodeAt(at++) - 63; value |= (code & 31) << shift; shift += 5; } while (code >= 32);
      found.push(value & 1 ? ~(value >> 1) : value >> 1);
    }
    return found;
  }
  function points(text) {
    var steps = numbers(text), lat = 0, lon = 0, found = [];
    for (var i = 0; i < steps.length; i += 2) {
      lat += steps[i]; lon += steps[i + 1];
      found.push([lat / scale, lon / scale]);
    }
    return found;
  }
  return { numbers: numbers, points: points, rings: function (list) { return list.map(points); } };
}

function kcElement(tag, text, name) {
  "use strict";
  var made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

/* What a popup says of one service: name, what it offers, hours, telephone, and the age of the record. */
function kcService(box, service, offers) {
  "use strict";
  box.appendChild(kcElement("p", service.name, "title"));
  if (offers) box.appendChild(kcElement("p", offers, "kinds"));
  if (service.hours) box.appendChild(kcElement("p", "Hours: " + service.hours));
  if (service.phone.length) {
    var line = kcElement("p", "Phone ");
    service.phone.forEach(function (piece) {
      var part = kcElement(piece[1] ? "a" : "span", piece[0]);
      if (piece[1]) part.href = "tel:" + piece[1];
      line.appendChild(part);
    });
    box.appendChild(line);
  }
  box.appendChild(kcElement("p", "Check before you call or go: " + (service.year ? "record of " + service.year + "." : "age of the record unknown."), "check"));
}

/* panes: [name, z-index, answers the pointer] of the page's own layers, between land (210) and names (590). */
function kcGround(data, panes, label) {
  "use strict";
  var text = kcText(data.scale), ground = data.ground, brushes = {};
  var still = window.matchMedia && window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  var map = L.map("map", {
    attributionControl: false, zoomControl: false, zoomSnap: 0.25, zoomDelta: 0.5, minZoom: 7, maxZoom: 13,
    maxBounds: L.latLngBounds(data.bounds).pad(0.35), fadeAnimation: false, zoomAnimation: !still, inertia: !still
  });
  map.fitBounds(data.core);
  var box = map.getContainer();
  box.setAttribute("role", "application");
  box.setAttribute("aria-label", label);
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
  [["land", 210, false], ["lines", 240, false], ["names", 590, false]].concat(panes).forEach(function (pane) {
    map.createPane(pane[0]).style.zIndex = pane[1];
    if (!pane[2]) map.getPane(pane[0]).style.pointerEvents = "none";
  });
  function brush(pane) {
    if (!brushes[pane]) brushes[pane] = L.svg({ pane: pane, padding: 0.4 });
    return brushes[pane];
  }
  function area(list, pane, style) {
    return L.polygon(text.rings(list), Object.assign({ pane: pane, renderer: brush(pane), stroke: false, fillOpacity: 1, interactive: false, smoothFactor: 0.6 }, style));
  }
  function lines(list, style) {
    return L.polyline(text.rings(list), Object.assign({ pane: "lines", renderer: brush("lines"), interactive: false, smoothFactor: 0.8, opacity: 1 }, style));
  }
  area(ground.outline, "land", { fillColor: data.land }).addTo(map);
  lines(ground.counties, { color: "#8d8a82", weight: 1 }).addTo(map);
  lines(ground.river, { color: "#7fb2dd", weight: 2.4 }).addTo(map);
  lines(ground.roads, { color: "#fff", weight: 5, opacity: 0.8 }).addTo(map);
  lines(ground.roads, { color: "#3d3d46", weight: 2.4 }).addTo(map);
  lines(ground.stateLine, { color: "#1d1d28", weight: 1.8, dashArray: "8 3 2 3", lineCap: "butt" }).addTo(map);

  var names = L.layerGroup().addTo(map), shown = true;
  function name(words, lat, lon, kind) {
    return L.marker([lat, lon], { pane: "names", interactive: false, keyboard: false,
      icon: L.divIcon({ className: "name " + kind, html: kcElement("span", words), iconSize: [0, 0] }) });
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
    if (!shown) return;
    var taken = [], signs = [], size = map.getSize();
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
      var words = row[0], at = map.latLngToContainerPoint([row[1], row[2]]), wide = words.length * 7.4;
      if (row[3] === "shield") {
        /* A second sign of a route near the first tells nothing. */
        var near = signs.some(function (sign) { return sign[0] === words && sign[1].distanceTo(at) < 130; });
        if (!near && free(at.x - 15, at.y - 15, at.x + 15, at.y + 15)) {
          shield(words, row[1], row[2]).addTo(names);
          signs.push([words, at]);
        }
      } else if (row[3] === "county") {
        if (free(at.x - wide / 2, at.y - 8, at.x + wide / 2, at.y + 8)) name(words, row[1], row[2], "county").addTo(names);
      } else if (free(at.x - 3, at.y - 8, at.x + 8 + wide, at.y + 8)) name(words, row[1], row[2], "town").addTo(names);
    });
  }
  map.on("moveend zoomend resize", placeNames);
  placeNames();

  /* The map is one stop of the Tab key: Enter goes in to the mark nearest to the middle, arrow keys go from mark to mark,
     Escape comes back out. What a page lets people move (.pin) keeps a stop of its own. */
  map.on("layeradd", function (event) {
    var made = event.layer.getElement ? event.layer.getElement() : null;
    if (made && !made.classList.contains("pin")) made.setAttribute("tabindex", "-1");
  });
  function marks() {
    var found = Array.prototype.slice.call(box.querySelectorAll(".site"));
    return found.map(function (mark) { return [mark, mark.getBoundingClientRect()]; })
      .sort(function (a, b) { return a[1].left - b[1].left || a[1].top - b[1].top; });
  }
  box.addEventListener("keydown", function (event) {
    var step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], here = document.activeElement, all, at;
    if (here === box && event.key === "Enter") {
      var middle = box.getBoundingClientRect();
      all = marks().map(function (row) {
        return [row[0], Math.hypot(row[1].left - middle.left - middle.width / 2, row[1].top - middle.top - middle.height / 2)];
      }).sort(function (a, b) { return a[1] - b[1]; });
      if (all.length) all[0][0].focus();
    } else if (here.classList.contains("site") && step) {
      all = marks().map(function (row) { return row[0]; });
      at = (all.indexOf(here) + step + all.length) % all.length;
      all[at].focus();
    } else if (here.classList.contains("site") && event.key === "Escape" && !box.querySelector(".leaflet-popup")) {
      box.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  /* A popup is a small dialogue: it takes the focus, Escape closes it, and the focus goes back to where it was. */
  var opener = null;
  map.on("popupopen", function (event) {
    var made = event.popup.getElement(), title = made.querySelector(".title");
    opener = event.popup._source && event.popup._source.getElement ? event.popup._source.getElement() : null;
    made.setAttribute("role", "dialog");
    made.setAttribute("aria-label", title ? title.textContent : "Details");
    made.tabIndex = -1;
    made.focus({ preventScroll: true });
  });
  map.on("popupclose", function () {
    /* The popup has left the page by now, and took the focus with it. */
    if (opener && opener.focus && document.activeElement === document.body) opener.focus({ preventScroll: true });
    opener = null;
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") map.closePopup();
  });
  return {
    map: map, text: text, area: area, brush: brush,
    showNames: function (wanted) { shown = wanted; placeNames(); }
  };
}

/* On paper nothing can be opened, so everything is, and is folded again afterwards. */
function kcPaper() {
  "use strict";
  var folded = [];
  window.addEventListener("beforeprint", function () {
    folded = Array.prototype.slice.call(document.querySelectorAll("details:not([open])"));
    folded.forEach(function (box) { box.open = true; });
  });
  window.addEventListener("afterprint", function () { folded.forEach(function (box) { box.open = false; }); });
}
