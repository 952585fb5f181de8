// Runs before the first paint, as a file of its own because the content security policy allows no inline script.
// Without a choice the stylesheet follows the system.
(function () {
  try {
    var choice = localStorage.getItem("tollgate.theme");
    if (choice === "light" || choice === "dark") document.documentElement.dataset.theme = choice;
  } catch {
    // Storage may be blocked: the system's theme it is.
  }
})();
