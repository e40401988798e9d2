// Reads the shared cases, prints what static/js/display.js makes of each: {"<rule>": [<result>, …], …}.
import { readFileSync } from "node:fs";

const [, , modulePath, casesPath] = process.argv;
const display = await import(modulePath);
const cases = JSON.parse(readFileSync(casesPath, "utf8"));
const MOMENT = /^\d{4}-\d\d-\d\dT.*Z$/;

const number = (value) => (typeof value === "string" && MOMENT.test(value) ? Date.parse(value) : value);
const results = Object.entries(cases).map(([rule, rows]) => [
  rule,
  rows.map(([given]) => display[rule](...given.map(number))),
]);
console.log(JSON.stringify(Object.fromEntries(results)));
