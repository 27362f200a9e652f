/* The story: the map moves with the step that is read, and a county turns every number. */
(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("data").textContent);
  var byId = function (id) { return document.getElementById(id); };
  var map = byId("map"), area = byId("area"), after = byId("after"), steps = document.querySelectorAll(".step");
  var still = window.matchMedia("(prefers-reduced-motion: reduce)").matches, moving = 0;

  /* From one view to another in half a second; at once where motion is not wanted. */
  function look(box) {
    var goal = box.split(" ").map(Number), start = map.getAttribute("viewBox").split(" ").map(Number), begun = null;
    window.cancelAnimationFrame(moving);
    function stand(values) {
      map.setAttribute("viewBox", values.join(" "));
      map.style.setProperty("--zoom", Math.max(values[2] / map.clientWidth, values[3] / map.clientHeight));
    }
    if (still) return stand(goal);
    function frame(now) {
      begun = begun || now;
      var part = Math.min((now - begun) / 500, 1), eased = part * (2 - part);
      stand(goal.map(function (value, i) { return start[i] + (value - start[i]) * eased; }));
      if (part < 1) moving = window.requestAnimationFrame(frame);
    }
    moving = window.requestAnimationFrame(frame);
  }
  function show() {
    var fips = area.value, told = data.told[fips];
    document.querySelectorAll("[data-said]").forEach(function (box) {
      box.replaceChildren.apply(box, told[box.dataset.said].map(function (text) {
        var line = document.createElement("p");
        line.textContent = text;
        return line;
      }));
    });
    document.querySelectorAll(".county").forEach(function (shape) { shape.classList.toggle("chosen", shape.dataset.fips === fips); });
    byId("county").hidden = !fips;
    byId("county").href = fips ? "counties/county-" + fips + data.ending + ".html" : "#story";
    document.querySelector("h1").textContent = told.lack[0];
    place();
  }
  /* A county that was picked stays in view; else each step shows where it happens. */
  function place() {
    var step = document.querySelector(".step.here");
    look(data.views[area.value || (step ? step.dataset.step : "")] || data.views[""]);
  }
  function mark(step) {
    steps.forEach(function (one) { one.classList.toggle("here", one === step); });
    document.body.classList.toggle("with-sites", after.checked || (!!step && step.dataset.step === "sites"));
    place();
  }
  if (window.IntersectionObserver) {
    var seen = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) { if (entry.isIntersecting) mark(entry.target); });
    }, { rootMargin: "-45% 0px -45% 0px" });
    steps.forEach(function (step) { seen.observe(step); });
  }
  area.addEventListener("change", function () {
    show();
    byId("live").textContent = data.told[area.value].lack[0];
    try { window.history.replaceState(null, "", area.value ? "#county=" + area.value : "#"); } catch (error) { /* pages without an address of their own */ }
  });
  after.addEventListener("change", function () { mark(document.querySelector(".step.here")); });
  byId("print").addEventListener("click", function () { window.print(); });
  window.addEventListener("resize", place);
  var asked = /^#county=(\d{5})$/.exec(window.location.hash);
  if (asked && data.told[asked[1]]) area.value = asked[1];
  show();
})();
