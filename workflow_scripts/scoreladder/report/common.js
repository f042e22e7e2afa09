// What the page's scripts share; all stand in one scope. They compute no statistic: all come with
// the page.

const MISSING = "–";
const every = (selector, within = document) => [...within.querySelectorAll(selector)];
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("page-data")?.textContent ?? "{}");

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
