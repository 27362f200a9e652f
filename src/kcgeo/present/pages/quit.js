/* Empties the page at once, then leaves it for another that takes its place in the history of this tab. */
function kcQuit(link) {
  "use strict";
  link.addEventListener("click", function (event) {
    event.preventDefault();
    document.body.textContent = "";
    window.location.replace(link.href);
  });
}
kcQuit(document.getElementById("quit"));
