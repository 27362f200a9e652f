/* The explorer: counts again who reaches help whenever a choice or a new site changes. All data stand in this page. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var byId = function (id) { return document.getElementById(id); };
  var element = kcElement, LETTERS = "ABCDEFGHIJKL";
  var READY = 0, NEW = 1, REFERRAL = 2, UNKNOWN = 3, UNLOOKED = 4, NONE = 5;
  var ground = kcGround(data, [["cover", 220, true], ["cells", 300, false], ["listed", 610, true], ["plan", 630, true]],
    "Map of the study area. Arrow keys move it, plus and minus zoom; Enter goes to the listed sites, where arrow keys go from one to the next and Escape comes back. Tab goes from new site to new site.");
  var map = ground.map, numbers = ground.text.numbers;

  /* ---- the tables: minutes rounded up, so that "at most a whole number of minutes" loses nothing ---- */
  var places = data.places, count = places.length, beyond = data.most + 1;
  var columns = data.columns.map(function (text) {
    var total = 0;
    return numbers(text).map(function (step) { total += step; return total; });
  });
  var centres = ground.text.points(data.candidates.centres), ids = data.candidates.ids;
  var times = new Uint8Array(ids.length * count);
  var change_of_row = 0;
  numbers(data.candidates.times).forEach(function (step, i) {
    change_of_row = (i % count ? change_of_row : 0) + step;
    times[i] = (i < count ? 0 : times[i - count]) + change_of_row;
  });
  var outline = ground.text.points(data.candidates.outline);
  function outlineOf(candidate) {
    return outline.map(function (corner) { return [corner[0] + centres[candidate][0] - centres[0][0], corner[1] + centres[candidate][1] - centres[0][1]]; });
  }
  var stretch = Math.cos(centres[0][0] * Math.PI / 180);

  function apart(one, other) {
    var north = one[0] - other[0], east = (one[1] - other[1]) * stretch;
    return north * north + east * east;
  }
  function nearest(point, rows) {
    var best = -1, least = Infinity;
    for (var i = 0; i < rows.length; i++) {
      var distance = apart(point, rows[i]);
      if (distance < least) { least = distance; best = i; }
    }
    return { at: best, distance: Math.sqrt(least) };
  }
  var spots = places.map(function (row) { return [row[2], row[3]]; });
  var lived = spots.map(function (spot, i) { return places[i][4] > 0 ? spot : [99, 99]; });
  function candidateAt(point) {
    var found = nearest(point, centres);
    return found.distance < data.candidates.reach ? found.at : -1;
  }
  function near(candidate) {
    var row = places[nearest(centres[candidate], lived).at];
    return row[1] + " (" + row[0] + ")";
  }
  /* The next cell to the north, south, west or east: the nearest that lies within 60 degrees of that direction. */
  function beside(candidate, way) {
    var best = -1, least = Infinity, from = centres[candidate];
    for (var i = 0; i < centres.length; i++) {
      var distance = Math.sqrt(apart(from, centres[i]));
      if (i === candidate) continue;
      var along = ((centres[i][0] - from[0]) * way[0] + (centres[i][1] - from[1]) * stretch * way[1]) / distance;
      if (along > 0.5 && distance / along < least) { least = distance / along; best = i; }
    }
    return best;
  }

  /* ---- counting ---- */
  var choices = data.choices.map(numbers);
  /* Minutes to a service, minutes to one of unknown hours, referral, referral at unknown hours, nobody has looked. */
  function chosen(state, which) {
    return columns[data.fives[choices[state.kind * data.who.length + state.who][state.when]][which]];
  }
  function statesOf(state) {
    var found = new Uint8Array(count), within = state.within;
    var ready = chosen(state, 0), unsure = chosen(state, 1), called = chosen(state, 2), unsaid = chosen(state, 3), unlooked = chosen(state, 4);
    for (var i = 0; i < count; i++) {
      if (ready[i] <= within) { found[i] = READY; continue; }
      found[i] = called[i] ? REFERRAL : unsure[i] <= within || unsaid[i] ? UNKNOWN : unlooked[i] ? UNLOOKED : NONE;
      for (var s = 0; s < state.sites.length; s++) {
        if (times[state.sites[s] * count + i] <= within) { found[i] = NEW; break; }
      }
    }
    return found;
  }
  function totals(codes) {
    return data.groups.map(function (group, g) {
      var sums = [0, 0, 0, 0, 0, 0];
      for (var i = 0; i < count; i++) sums[codes[i]] += places[i][4 + g];
      return sums;
    });
  }
  function gain(candidate, codes, within) {
    var people = 0;
    for (var i = 0; i < count; i++) {
      if (codes[i] > NEW && times[candidate * count + i] <= within) people += places[i][4 + now.group];
    }
    return people;
  }

  /* ---- the state, its text in the address, and the way back ---- */
  var start = { kind: data.first, who: 0, when: 0, within: data.headline, group: 0, sites: [] };
  var now = start, past = [], joined = null;
  function written(state) {
    var parts = ["kind=" + data.kinds[state.kind][0], "who=" + data.who[state.who][0], "when=" + data.moments[state.when][0], "within=" + state.within];
    if (state.group) parts.push("for=" + data.groups[state.group][0]);
    if (state.sites.length) parts.push("sites=" + state.sites.map(function (site) { return ids[site]; }).join("."));
    return "#" + parts.map(encodeURI).join("&");
  }
  function read(fragment) {
    var state = Object.assign({}, start, { sites: [] });
    function pick(rows, value, other) {
      for (var i = 0; i < rows.length; i++) if (rows[i][0] === value) return i;
      return other;
    }
    fragment.replace(/^#/, "").split("&").forEach(function (part) {
      var at = part.indexOf("="), key = part.slice(0, at), value = part.slice(at + 1);
      try { value = decodeURIComponent(value); } catch (error) { return; }
      if (key === "kind") state.kind = pick(data.kinds, value, state.kind);
      if (key === "who") state.who = pick(data.who, value, state.who);
      if (key === "when") state.when = pick(data.moments, Object.prototype.hasOwnProperty.call(data.older, value) ? data.older[value] : value, state.when);
      if (key === "for") state.group = pick(data.groups, value, state.group);
      if (key === "within" && /^\d+$/.test(value)) state.within = Math.min(data.most, Math.max(data.least, Number(value)));
      if (key === "sites") {
        state.sites = value.split(".").map(function (id) { return ids.indexOf(id); })
          .filter(function (site, i, all) { return site >= 0 && all.indexOf(site) === i; }).slice(0, LETTERS.length);
      }
    });
    return state;
  }
  /* Steps that share a key (one drag, one pull of the slider) are undone together. */
  function change(part, key) {
    var next = Object.assign({}, now, part);
    if (written(next) === written(now)) return;
    if (!key || key !== joined) past.push(now);
    joined = key || null;
    now = next;
    show();
  }
  function withSite(i, candidate) {
    var sites = now.sites.slice();
    sites[i] = candidate;
    return { sites: sites };
  }
  function add(candidate) {
    if (candidate < 0) return tell("That point lies outside the study area; nothing was added.");
    if (now.sites.indexOf(candidate) >= 0) return tell("There is a new site already.");
    if (now.sites.length === LETTERS.length) return tell("A plan holds at most " + LETTERS.length + " new sites; remove one first.");
    change({ sites: now.sites.concat(candidate) });
  }
  function move(i, candidate, key) {
    if (candidate < 0) return tell("The study area ends there.");
    if (now.sites.indexOf(candidate) < 0) change(withSite(i, candidate), key);
  }
  function remove(i) { change({ sites: now.sites.filter(function (site, at) { return at !== i; }) }); }
  function undo() {
    if (!past.length) return;
    now = past.pop();
    joined = null;
    var last = !past.length && document.activeElement === byId("undo");
    show();
    if (last) byId("kind").focus(); // a button that is switched off drops the focus
  }

  /* ---- words ---- */
  /* What a model can say: two figures that count. */
  function about(value) {
    if (value >= 1e6) return (value / 1e6).toFixed(1) + " million";
    var unit = Math.pow(10, Math.max(String(Math.round(value)).length - 2, 0));
    return figure(Math.round(value / unit) * unit);
  }
  function figure(value) { return value.toLocaleString("en-US"); }
  function of100(part, whole) {
    var share = whole ? part / whole : 0;
    return Math.min(Math.max(Math.round(share * 100), share > 0 ? 1 : 0), share < 1 ? 99 : 100) + " of 100";
  }
  function said(sums) {
    var all = sums[0].reduce(function (a, b) { return a + b; }), today = sums[0][READY], added = sums[0][NEW];
    var some = chosen(now, 0).some(function (time) { return time < beyond; });
    var text = !some ? "No listed service of this choice" + (now.when ? " is known to be open (" + data.moments[now.when][1] + ")." : " has a public address.") :
      of100(today, all) + " people (about " + about(today) + ") live within a " + now.within + "-minute drive of " +
      data.kinds[now.kind][2] + data.who[now.who][2] + data.moments[now.when][2] + ". Listed sites only: confidential ones are not counted.";
    if (now.sites.length) {
      text += " With " + (now.sites.length === 1 ? "the new site: " : "the " + now.sites.length + " new sites: ") +
        of100(today + added, all) + ", about " + about(added) + " people more.";
    }
    return text;
  }
  var waiting = 0, summary = null;
  /* What is said at once stays: a summary that still waits gives way to it. */
  function tell(text) {
    summary = null;
    byId("live").textContent = text;
  }
  /* The screen reader and the address hear of a change when it has come to rest. */
  function settle(text) {
    window.clearTimeout(waiting);
    summary = text;
    waiting = window.setTimeout(function () {
      if (summary !== null) tell(summary);
      try { window.history.replaceState(null, "", written(now)); } catch (error) { /* pages without an address of their own */ }
    }, 350);
    byId("link").value = window.location.href.split("#")[0] + written(now);
  }

  /* ---- drawing ---- */
  var looks = data.looks, area = places.map(function (row, i) {
    if (!data.areas[i].length) return null;
    var shape = ground.area(data.areas[i], "cover", { stroke: true, color: "#fff", weight: 0.8, interactive: true, fillColor: looks[NONE][1] });
    shape.bindTooltip(function () { return described(i); }, { sticky: true, className: "told" });
    return shape.addTo(map);
  });
  var drawn = new Uint8Array(count).fill(9), codes = null;
  function minutes(i) {
    var best = chosen(now, 0)[i];
    now.sites.forEach(function (site) { best = Math.min(best, times[site * count + i]); });
    return best < beyond ? best + " min" : "over " + data.most + " min";
  }
  function described(i) {
    var box = element("div");
    box.appendChild(element("strong", places[i][1] + " (" + places[i][0] + ")"));
    box.appendChild(element("div", figure(places[i][4]) + " people"));
    box.appendChild(element("div", looks[codes[i]][0] + "; nearest " + minutes(i)));
    return box;
  }
  function drawAreas() {
    for (var i = 0; i < count; i++) {
      if (area[i] && drawn[i] !== codes[i]) area[i].setStyle({ fillColor: looks[codes[i]][1], color: codes[i] === NEW ? "#1d1d28" : "#fff", weight: codes[i] === NEW ? 1.4 : 0.8 });
      if (area[i] && codes[i] === NEW && drawn[i] !== NEW) area[i].bringToFront();
      drawn[i] = codes[i];
    }
  }
  var listed = L.layerGroup().addTo(map), drawnSites = "";
  function serviceState(service) {
    if (service.kinds.indexOf(now.kind) < 0 || service.who.indexOf(now.who) < 0) return "";
    return data.schedules[service.open][now.when];
  }
  function popup(services) {
    var box = element("div");
    services.forEach(function (service) { kcService(box, service, service.hours ? "" : "Hours unknown"); });
    return box;
  }
  function drawListed() {
    var key = [now.kind, now.who, now.when].join();
    if (key === drawnSites) return;
    drawnSites = key;
    listed.clearLayers();
    data.sites.forEach(function (site) {
      var mine = site.services.filter(function (service) { return /[ou]/.test(serviceState(service)); });
      if (!mine.length) return;
      var open = mine.some(function (service) { return serviceState(service) === "o"; });
      var text = mine[0].name + (mine.length > 1 ? " and " + (mine.length - 1) + " more" : "") + (open ? "" : ", hours unknown");
      var marker = L.marker(site.at, { pane: "listed", title: text, alt: text,
        icon: L.divIcon({ className: "site", html: '<span class="dot' + (open ? "" : " unsure") + '"></span>', iconSize: [24, 24] }) });
      marker.bindPopup(function () { return popup(mine); }, { maxWidth: 290, minWidth: 200 });
      marker.on("add", function () { marker.getElement().setAttribute("aria-label", text); });
      marker.addTo(listed);
    });
  }

  var said_of = data.groups.map(function (group, g) { return g ? "(" + group[1].toLowerCase() + ")" : "people"; });
  var pins = [], rows = [], drags = 0, held = -1;
  var WAYS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  var SIDES = [["ArrowUp", "north", "↑"], ["ArrowDown", "south", "↓"], ["ArrowLeft", "west", "←"], ["ArrowRight", "east", "→"]];
  function makePin(i) {
    var marker = L.marker(centres[now.sites[i]], { pane: "plan", draggable: true, autoPan: true, riseOnHover: true,
      icon: L.divIcon({ className: "pin", html: element("span", LETTERS[i]), iconSize: [30, 30] }) }).addTo(map);
    var cell = L.polygon([], { pane: "cells", renderer: ground.brush("cells"), interactive: false, color: "#1d1d28", weight: 2, fillColor: "#fff", fillOpacity: 0.35 }).addTo(map);
    marker.on("dragstart", function () { held = i; drags += 1; });
    marker.on("drag", function (event) {
      var candidate = candidateAt([event.latlng.lat, event.latlng.lng]);
      if (candidate >= 0 && candidate !== now.sites[i]) move(i, candidate, "drag " + drags);
    });
    marker.on("dragend", function () { held = -1; joined = null; show(); });
    marker.getElement().addEventListener("keydown", function (event) {
      if (WAYS[event.key]) move(i, beside(now.sites[i], WAYS[event.key]));
      else if (event.key === "Delete" || event.key === "Backspace") { remove(i); (pins.length ? pins[Math.min(i, pins.length - 1)].marker.getElement() : byId("area")).focus(); }
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return { marker: marker, cell: cell };
  }
  function makeRow(i) {
    var row = element("li"), words = element("span", "", "words"), moves = element("span", "", "moves");
    row.appendChild(element("span", LETTERS[i], "badge"));
    row.appendChild(words);
    SIDES.forEach(function (side) {
      var button = element("button", side[2]);
      button.type = "button";
      button.setAttribute("aria-label", "Move site " + LETTERS[i] + " " + side[1]);
      button.addEventListener("click", function () { move(i, beside(now.sites[i], WAYS[side[0]])); });
      moves.appendChild(button);
    });
    var away = element("button", "Remove");
    away.type = "button";
    away.setAttribute("aria-label", "Remove site " + LETTERS[i]);
    away.addEventListener("click", function () {
      remove(i);
      (rows.length ? rows[Math.min(i, rows.length - 1)].row.querySelector(".moves button:last-child") : byId("area")).focus();
    });
    moves.appendChild(away);
    row.appendChild(moves);
    byId("sites").appendChild(row);
    return { row: row, words: words };
  }
  function drawPlan() {
    while (pins.length > now.sites.length) {
      var pin = pins.pop();
      map.removeLayer(pin.marker);
      map.removeLayer(pin.cell);
      rows.pop().row.remove();
    }
    while (pins.length < now.sites.length) { pins.push(makePin(pins.length)); rows.push(makeRow(rows.length)); }
    now.sites.forEach(function (site, i) {
      var place = near(site), marker = pins[i].marker;
      if (held !== i) marker.setLatLng(centres[site]);
      pins[i].cell.setLatLngs(outlineOf(site));
      marker.getElement().setAttribute("aria-label", "New site " + LETTERS[i] + " near " + place + ". Arrow keys move it, Delete removes it.");
      /* What the sites before it reach is not counted again. */
      var before = statesOf(Object.assign({}, now, { sites: now.sites.slice(0, i) }));
      rows[i].words.textContent = "near " + place + ": brings about " + about(gain(site, before, now.within)) + " " + said_of[now.group] + " into reach" + (i ? " beyond today and the sites above" : " who are not today");
    });
  }
  function cell(tag, text, name) {
    var made = element(tag, text, name);
    if (tag === "th") made.scope = "row";
    return made;
  }
  function drawGroups(sums) {
    var body = element("tbody");
    sums.forEach(function (row, g) {
      var line = element("tr"), all = row.reduce(function (a, b) { return a + b; });
      line.appendChild(cell("th", data.groups[g][1]));
      [row[READY] + row[NEW], row[NEW], row[UNKNOWN], row[REFERRAL], row[UNLOOKED], row[NONE]].forEach(function (value) {
        var box = cell("td", figure(value));
        box.dataset.count = value;
        box.appendChild(element("small", all ? percent(value / all) : ""));
        line.appendChild(box);
      });
      body.appendChild(line);
    });
    byId("groups").replaceChild(body, byId("groups").tBodies[0]);
    var bar = byId("bar"), whole = sums[0].reduce(function (a, b) { return a + b; });
    [READY, NEW, UNKNOWN, REFERRAL, UNLOOKED, NONE].forEach(function (code, i) { bar.children[i].style.width = 100 * sums[0][code] / whole + "%"; });
  }
  function percent(share) {
    if (share > 0 && share < 0.01) return "<1%";
    if (share > 0.99 && share < 1) return ">99%";
    return Math.round(share * 100) + "%";
  }
  /* Rows are made once, the largest place first, and hidden where nothing is lacking: to make them anew takes longer. */
  var lacking = places.map(function (row, i) { return i; }).filter(function (i) { return places[i][4] > 0; });
  lacking.sort(function (a, b) { return places[b][4] - places[a][4] || a - b; });
  lacking = lacking.map(function (i) {
    var line = element("tr"), nearest = cell("td", ""), state = cell("td", "");
    line.appendChild(cell("th", places[i][0] + " " + places[i][1]));
    line.appendChild(cell("td", figure(places[i][4])));
    line.appendChild(nearest);
    line.appendChild(state);
    byId("lacking").tBodies[0].appendChild(line);
    return { at: i, line: line, nearest: nearest, state: state };
  });
  function drawLacking() {
    var areas = 0, people = 0;
    lacking.forEach(function (row) {
      var lacks = codes[row.at] > NEW;
      if (row.line.hidden === lacks) row.line.hidden = !lacks;
      if (!lacks) return;
      areas += 1;
      people += places[row.at][4];
      write(row.nearest, minutes(row.at));
      write(row.state, looks[codes[row.at]][0]);
    });
    write(byId("lacking-note"), areas ? areas + " areas with " + figure(people) + " people have no such service in reach that is known to be open; the largest come first." : "None: every ZIP area has it in reach.");
  }
  function write(box, words) { if (box.textContent !== words) box.textContent = words; }
  function show() {
    codes = statesOf(now);
    var sums = totals(codes), text = said(sums);
    byId("kind").selectedIndex = now.kind;
    byId("who").selectedIndex = now.who;
    byId("day").selectedIndex = now.when ? 1 + Math.floor((now.when - 1) / 24) : 0;
    byId("hour").disabled = !now.when;
    if (now.when) byId("hour").selectedIndex = (now.when - 1) % 24;
    byId("group").selectedIndex = now.group;
    byId("cutoff").value = now.within;
    byId("minutes").textContent = now.within;
    document.querySelectorAll(".presets button").forEach(function (button) {
      button.setAttribute("aria-pressed", String(Number(button.value) === now.within));
    });
    drawAreas();
    drawListed();
    drawPlan();
    drawGroups(sums);
    drawLacking();
    byId("said").textContent = text;
    byId("undo").disabled = !past.length;
    byId("reset").disabled = written(now) === written(start);
    settle(text);
  }

  /* ---- once ---- */
  var defs = element("div");
  defs.innerHTML = '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>' +
    '<pattern id="hatch-referral" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0H7V7H0Z" fill="' + looks[REFERRAL][2] + '"/><path d="M0 0V7" stroke="#4f5f69" stroke-width="1.4"/></pattern>' +
    '<pattern id="hatch-unknown" width="7" height="7" patternUnits="userSpaceOnUse"><path d="M0 0H7V7H0Z" fill="' + looks[UNKNOWN][2] + '"/><circle cx="3.5" cy="3.5" r="1" fill="#3d3560"/></pattern>' +
    '<pattern id="hatch-unlooked" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 0H6V6H0Z" fill="' + looks[UNLOOKED][2] + '"/><circle cx="3" cy="3" r="1.1" fill="#fff"/></pattern></defs></svg>';
  document.body.appendChild(defs);
  [READY, NEW, UNKNOWN, REFERRAL, UNLOOKED, NONE].forEach(function (code) {
    var item = element("li");
    item.innerHTML = '<svg aria-hidden="true" width="26" height="15"><rect x=".5" y=".5" width="25" height="14" fill="' + looks[code][1] + '" stroke="' + (code === NEW ? "#1d1d28" : "#77746c") + '"/></svg>';
    item.appendChild(element("span", looks[code][0]));
    byId("legend").appendChild(item);
    byId("bar").appendChild(element("span", undefined, "part-" + code));
  });
  [["dot", "listed site of this kind"], ["dot unsure", "the same, hours unknown then"], ["badge", "new site and its area"]].forEach(function (row) {
    var item = element("li"), mark = element("span", row[0] === "badge" ? "A" : "", row[0]), box = element("span", undefined, "key");
    box.setAttribute("aria-hidden", "true");
    box.appendChild(mark);
    item.appendChild(box);
    item.appendChild(element("span", row[1]));
    byId("legend").appendChild(item);
  });
  ["day", "hour"].forEach(function (key) {
    byId(key).addEventListener("change", function () {
      var day = byId("day").selectedIndex;
      change({ when: day ? 1 + (day - 1) * 24 + byId("hour").selectedIndex : 0 });
    });
  });
  ["kind", "who", "group"].forEach(function (key) {
    byId(key).addEventListener("change", function (event) { var part = {}; part[key] = event.target.selectedIndex; change(part); });
  });
  byId("cutoff").addEventListener("input", function (event) { change({ within: Number(event.target.value) }, "cutoff"); });
  byId("cutoff").addEventListener("change", function () { joined = null; });
  document.querySelectorAll(".presets button").forEach(function (button) {
    button.addEventListener("click", function () { change({ within: Number(button.value) }); });
  });
  byId("ask").addEventListener("submit", function (event) { event.preventDefault(); });
  byId("adder").addEventListener("submit", function (event) {
    event.preventDefault();
    add(nearest(spots[Number(byId("area").value)], centres).at);
  });
  byId("best").addEventListener("click", function () {
    var best = -1, most = 0;
    for (var i = 0; i < ids.length; i++) {
      var people = gain(i, codes, now.within);
      if (people > most) { most = people; best = i; }
    }
    if (best < 0) return tell("No area brings anybody new into reach.");
    add(best);
  });
  map.on("click", function (event) { add(candidateAt([event.latlng.lat, event.latlng.lng])); });
  byId("undo").addEventListener("click", undo);
  byId("reset").addEventListener("click", function () { change(Object.assign({}, start)); byId("kind").focus(); });
  byId("print").addEventListener("click", function () { window.print(); });
  byId("copy").addEventListener("click", function () {
    byId("link").select();
    if (navigator.clipboard) navigator.clipboard.writeText(byId("link").value).then(function () { tell("The link is copied."); }, function () { tell("Copy the marked link."); });
    else tell(document.execCommand("copy") ? "The link is copied." : "Copy the marked link.");
  });
  document.addEventListener("keydown", function (event) {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z") { event.preventDefault(); undo(); }
  });
  var shifts = [];
  document.addEventListener("keyup", function (event) {
    shifts = event.key === "Shift" ? shifts.concat(event.timeStamp).slice(-3) : [];
    if (shifts.length === 3 && shifts[2] - shifts[0] < 2000) byId("quit").click();
  });
  window.addEventListener("hashchange", function () {
    if (window.location.hash !== written(now)) change(read(window.location.hash));
  });
  /* On paper the map keeps the size it has on the screen, scaled to the page: it is not laid out anew. */
  window.addEventListener("beforeprint", function () {
    var box = map.getContainer(), wide = box.clientWidth;
    Object.assign(box.style, { flex: "none", width: wide + "px", height: box.clientHeight + "px", zoom: Math.min(1, 680 / wide) });
  });
  window.addEventListener("afterprint", function () { map.getContainer().style.cssText = ""; });
  kcPaper();
  now = read(window.location.hash);
  show();
})();
