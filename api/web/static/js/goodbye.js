// Sends the only form of the page at once: the way to the log-out of another provider.
"use strict";

document.getElementById("goodbye").submit();
