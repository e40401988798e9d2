// What a page does whose buttons answer in place.
import "./fragments.js";
import "./no-answer.js";
