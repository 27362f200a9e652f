/* The coverage page: draws what the page itself holds; asks nothing of any network and stores nothing. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var byId = function (id) { return document.getElementById(id); };

  var element = kcElement, ground = data.ground;
  var drawing = kcGround(data, [["cover", 220, false], ["referral", 230, true], ["circles", 250, true], ["sites", 620, true]],
    "Map of the study area. Arrow keys move it, plus and minus zoom; Enter goes to the sites, where arrow keys go from one to the next and Escape comes back.");
  var map = drawing.map, area = drawing.area;

  /* Layers of one kind of help are drawn when first asked for and kept. */
  var made = {}, current = null;
  function cover(key) {
    if (made[key]) return made[key];
    var layer = data.layers[key], group = L.layerGroup();
    area(ground.outline, "cover", { fillColor: layer.beyond }).addTo(group);
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
      (rough ? "#fff" : look.colour) + '" stroke="' + (rough && look.edge === "white" ? look.colour : look.edge) + '" stroke-width="' + (rough ? 2.6 : 1.6) + '"/></svg>';
  }
  function popup(site) {
    var box = element("div");
    site.services.forEach(function (service) {
      kcService(box, service, service.kinds.map(function (kind) { return data.labels[kind]; }).join(", "));
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
      var dot = L.circleMarker([row[1], row[2]], { pane: "circles", renderer: drawing.brush("circles"), radius: Math.max(2.5, Math.sqrt(row[3] / 10000) * 6.5),
        color: "#fff", weight: 1, fillColor: "#1d1d28", fillOpacity: 0.95 });
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
    add(swatch(layer.beyond), layer.beyondLabel);
    if (!layer.circles) add(swatch("#fff", "hatch-lost"), "not connected");
    add(swatch("#fff", "hatch-referral"), layer.circles ? "the rest by referral: call" : "confidential service: call");
    if (layer.circles) add('<svg aria-hidden="true" width="26" height="15"><circle cx="13" cy="7.5" r="6" fill="#1d1d28"/></svg>', "people in places that lack one");
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

  /* Hatches live in one hidden drawing; paths refer to them by style. */
  var defs = element("div");
  defs.innerHTML = '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>' +
    '<pattern id="hatch-referral" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" stroke="#1d1d28" stroke-width="1.3"/></pattern>' +
    '<pattern id="hatch-lost" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M0 0L7 7M7 0L0 7" stroke="#50505b" stroke-width=".8"/></pattern></defs></svg>' +
    "<style>path.referral{fill:url(#hatch-referral);fill-opacity:.5}path.lost{fill:url(#hatch-lost)}</style>";
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
  byId("show-names").addEventListener("change", function (event) { drawing.showNames(event.target.checked); });
  kcPaper();
  if (window.matchMedia("(max-width: 900px)").matches) byId("legend-box").removeAttribute("open");
  choose(document.querySelector('input[name="layer"]:checked').value);
})();
