import "./copy.js";
import "./dialogs.js";
import "./graph.js";
import "./live.js";
import "./theme-switch.js";
import "./times.js";
import "./tree.js";
