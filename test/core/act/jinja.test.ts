import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Budget,
  compileText,
  compileValue,
  jsonOf,
  TemplateError,
} from "../../../src/core/act/jinja/jinja.ts";
import type { Json } from "../../../src/core/model/json.ts";

const GIVEN: Readonly<Record<string, Json>> = {
  a: { n: 1, f: 1.5, t: true, none: null, l: [1, "two", 3.5, null], s: "it's <b>", d: { k: "v", a: 1 } },
  word: "hello",
  list: [3, 1, 2],
  people: [
    { name: "Ada", age: 36 },
    { name: "Bob", age: 5 },
  ],
  big: 12345678901,
  tiny: 1e-7,
};

const names = (name: string) => (Object.hasOwn(GIVEN, name) ? GIVEN[name] : undefined);
const text = (source: string): string => compileText(source)(names, new Budget());
function valueOf(source: string): Json {
  const budget = new Budget();
  return jsonOf(compileValue(source)(names, budget), budget);
}

/** What is wrong with a template, to be parsed or to be rendered. */
function wrong(source: string): string {
  try {
    return `renders: ${text(source).slice(0, 40)}`;
  } catch (error) {
    assert.ok(error instanceof TemplateError, String(error));
    return error.message;
  }
}

function same(rows: Readonly<Record<string, string>>): void {
  for (const [source, expected] of Object.entries(rows)) assert.equal(text(source), expected, source);
}

describe("values within text", () => {
  it("read as Python prints them", () => {
    same({
      "{{ a.d }}": "{'k': 'v', 'a': 1}",
      "{{ a.l }}": "[1, 'two', 3.5, None]",
      "x{{ a.none }}x{{ a.t }}x{{ not a.t }}": "xNonexTruexFalse",
      "{{ [a.s] }}": `["it's <b>"]`,
      "{{ big }} {{ tiny }} {{ a.f }}": "12345678901 1e-07 1.5",
      "[{{ nope }}{{ nope.deeper.still }}{{ a.none.x }}]": "[]",
    });
  });

  it("read as JSON with sorted keys where `tojson` is asked", () => {
    same({
      "{{ a.d | tojson }}": '{"a": 1, "k": "v"}',
      "{{ a.s | tojson }}": '"it\\u0027s \\u003cb\\u003e"',
      "{{ 'Grüße' | tojson }}": '"Gr\\u00fc\\u00dfe"',
      "{{ [] | tojson }}{{ {} | tojson }}": "[]{}",
      "{{ [1, {'a': 2}] | tojson(indent=2) }}": '[\n  1,\n  {\n    "a": 2\n  }\n]',
    });
  });
});

describe("expressions", () => {
  it("have Jinja's precedence", () => {
    same({
      "{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 2 ** 3 ** 2 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }}":
        "7 9 64 3 2 3.5",
      "{{ 1 ~ (2 + 3) }} {{ 'a' ~ 1 * 2 }} {{ -1 | abs }} {{ +1 }}": "15 a2 1 1",
      "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ not 1 == 2 }} {{ 1 in list and 9 not in list }}":
        "True False True True",
      "{{ 'a' if false else 'b' }} {{ 'a' if nope }} {{ 0 or 'd' }} {{ 1 and 2 }}": "b  d 2",
      "{{ true == 1 }} {{ none is none }} {{ True }} {{ None }}": "True True True None",
    });
  });

  it("reach into values", () => {
    same({
      "{{ a['d'].k }} {{ a.l[1] }} {{ a.l[-2] }} {{ a.l.0 }} {{ word[0] }}": "v two 3.5 1 h",
      "{{ word[1:3] }} {{ word[:2] }} {{ word[3:] }} {{ word[::-1] }} {{ list[::2] }} {{ word[9:] }}":
        "el he lo olleh [3, 2] ",
      "{{ {'x': [1, (2, 3)]}.x[1] }} {{ () }} {{ (1,) }} {{ 'a' 'b' }}": "(2, 3) () (1,) ab",
      "{{ a.d.get('k') }} {{ a.d.get('z', 'd') }} {{ a.d.items() }} {{ a.d.keys() }}":
        "v d dict_items([('k', 'v'), ('a', 1)]) dict_keys(['k', 'a'])",
      "{{ word.upper() }} {{ ' x '.strip() }} {{ 'a,b'.split(',') }} {{ 'a'.replace('a', 'b') }}":
        "HELLO x ['a', 'b'] b",
      "{{ word.startswith('he') }} {{ '-'.join(['a', 'b']) }} {{ list.index(1) }} {{ list.count(3) }}":
        "True a-b 1 1",
    });
  });

  it("ask with tests", () => {
    same({
      "{{ nope is defined }} {{ a is mapping }} {{ list is sequence }} {{ 4 is divisibleby 2 }} {{ 3 is odd }}":
        "False True True True True",
      "{{ 4 is divisibleby(3) }} {{ a.none is none }} {{ 1 is not string }} {{ 1 is in list }} {{ 2 is gt 1 }}":
        "False True True True True",
    });
  });

  it("change values with filters", () => {
    same({
      "{{ word|upper|lower|title|capitalize }} {{ ' x '|trim }} {{ word|length }} {{ word|replace('l','L') }}":
        "Hello x 5 heLLo",
      "{{ nope|default('d') }} {{ ''|default('d', true) }} {{ '3.7'|float }} {{ '12x'|int }} {{ 'x'|int(7) }}":
        "d d 3.7 0 7",
      "{{ 3.14159|round(2) }} {{ 2.1|round(method='ceil') }} {{ 'x'|center(5) }}|": "3.14 3.0   x  |",
      "{{ list|sort }} {{ list|sort(reverse=true) }} {{ list|sum }} {{ list|max }} {{ list|min }} {{ list|first }} {{ list|last }}":
        "[1, 2, 3] [3, 2, 1] 6 3 1 3 2",
      "{{ people|map(attribute='name')|join(', ') }} {{ people|sum(attribute='age') }}": "Ada, Bob 41",
      "{{ people|selectattr('age', 'gt', 10)|map(attribute='name')|list }} {{ list|select('odd')|list }} {{ list|reject('odd')|list }}":
        "['Ada'] [3, 1] [2]",
      "{{ people|sort(attribute='age')|map(attribute='name')|join }} {{ [1,1,2]|unique|list }} {{ list|reverse|list }}":
        "BobAda [1, 2] [2, 1, 3]",
      "{{ a.d|dictsort }} {{ a.d|items|list }} {{ [1,2,3]|batch(2, 0)|list }}":
        "[('a', 1), ('k', 'v')] [('k', 'v'), ('a', 1)] [[1, 2], [3, 0]]",
      "{{ '%s of %d'|format('x', 3.9) }} {{ '<&>'|e }} {{ '<b>x</b>  y'|striptags }} {{ 'a b/c'|urlencode }}":
        "x of 3 &lt;&amp;&gt; x y a%20b/c",
      "{{ 'one two three'|truncate(9, leeway=0) }} {{ 'one two'|wordcount }} {{ 'a\nb'|indent(2) }}":
        "one... 2 a\n  b",
      "{% for age, group in people|groupby('age') %}{{ age }}:{{ group|length }} {% endfor %}": "5:1 36:1 ",
      "{{ list|map('string')|join('-') }} {{ word|attr('__class__') }}{{ [3]|pprint }}": "3-1-2 [3]",
    });
  });
});

describe("statements", () => {
  it("choose, repeat, set and wrap", () => {
    same({
      "{% if a.none %}1{% elif a.t %}2{% else %}3{% endif %}": "2",
      "{% for x in list if x > 1 %}{{ loop.index }}:{{ x }}{{ ',' if not loop.last }}{% endfor %}": "1:3,2:2",
      "{% for x in [] %}{% else %}none{% endfor %}": "none",
      "{% for k, v in a.d %}{{ k }}={{ v }};{% endfor %}": "k=v;a=1;",
      "{% for k, v in a.d.items() %}{{ k }}={{ v }};{% endfor %}": "k=v;a=1;",
      "{% for x in range(2) %}{% for y in range(2) %}{{ x }}{{ y }} {% endfor %}{% endfor %}": "00 01 10 11 ",
      "{% set x = 1 %}{% for y in list %}{% set x = y %}{% endfor %}{{ x }}": "1",
      "{% set n = namespace(x=0) %}{% for y in list %}{% set n.x = n.x + y %}{% endfor %}{{ n.x }}": "6",
      "{% set t | upper %}abc{% endset %}{{ t }}{% with q = 2 %}{{ q }}{% endwith %}{{ q }}": "ABC2",
      "{% filter upper %}x{{ word }}{% endfilter %}": "XHELLO",
    });
  });

  it("leave space as it stands, unless told otherwise", () => {
    same({
      "a{# no #}b {{ 1 }}": "ab 1",
      "{% raw %}{{ x }}{% endraw %}": "{{ x }}",
      "a\n{%- if true %} b{% endif %}\n": "a b",
      "{%- for i in list -%}  {{ i }}  {%- endfor -%}  z": "312z",
      "a \r\n b": "a \n b",
      "{{- word -}}  x": "hellox",
    });
  });
});

describe("a template that is one expression", () => {
  it("gives its value, nothing where there is none", () => {
    assert.deepEqual(valueOf("{{ a.l }}"), [1, "two", 3.5, null]);
    assert.equal(valueOf("{{ 1 + 1 }}"), 2);
    assert.equal(valueOf("{{ word ~ '!' }}"), "hello!");
    assert.equal(valueOf("{{ nope }}"), null);
    assert.equal(valueOf("{{- not a.t -}}"), false);
  });
});

describe("a template that is wrong", () => {
  for (const [source, message] of Object.entries({
    "{{ x": "unexpected end of template",
    "an {{ invalid } one": "unexpected '}'",
    "{{ a b }}": "unexpected 'b', expected the end of the tag",
    "{{ }}": "unexpected end of tag '}}', expected an expression",
    "{{ a. }}": "unexpected end of tag '}}', expected name or number",
    "{{ $ }}": "unexpected char '$' at 3",
    "{% if a %}": "Unexpected end of template. Looking for 'elif' or 'else' or 'endif'.",
    "{% nope %}": "Encountered unknown tag 'nope'.",
    "{% include 'x' %}": "include is not supported: there are no other templates to take in",
    "{% for x in range(3) %}{% for y in x %}{% for z in y %}{% endfor %}{% endfor %}{% endfor %}":
      "loops may be nested 2 deep",
    "{{ a | nope }}": "No filter named 'nope'.",
    "{{ a is nope }}": "No test named 'nope'.",
    "{{ foo.bar.baz() }}": "'baz' is undefined",
    "{{ word.n() }}": "'n' is undefined",
    "{{ a.n() }}": "'n' is a number and cannot be called",
    "{{ 1 + 'a' }}": "a number + a text means nothing",
    "{{ nope + 1 }}": "an undefined value + a number means nothing",
    "{{ 1 < 'a' }}": "a number < a text means nothing",
    "{{ 1 / 0 }}": "division by zero",
    "{% for x in 3 %}{% endfor %}": "a number cannot be gone through",
    "{% for x in a.none %}{% endfor %}": "None cannot be gone through",
    "{% for x, y in list %}{% endfor %}": "expected 2 values to unpack",
    "{{ lipsum() }}": "lipsum is not allowed: a replay must give the same result",
    "{{ word | urlize }}": "urlize is not supported: it makes HTML, which no parameter is",
    "{{ 1 | humanize_activate }}": "humanize_activate is not supported: texts are in English",
    "{% autoescape true %}x{% endautoescape %}": "autoescape is not supported: a parameter is no HTML",
    "{% for x in list recursive %}{% endfor %}": "recursive loops are not supported",
    "{% for loop in list %}{% endfor %}": "Can't assign to special loop variable in for-loop target",
    "{{ list.append(1) }}": "'append' would change its value; a template may not",
    "{{ 2 ** 53 }}": "whole numbers beyond 9007199254740991 cannot be told exactly",
    "{{ 1 | humanize_naturaltime }}": "there is no firing whose time this could go by",
    "{{ word | wordwrap(0.5) }}": "invalid width 0.5 (must be > 0)",
    "{{ word | wordwrap(2.5) }}": "invalid width 2.5 (must be > 0)",
    "{{ '{.__class__}'.format(word) }}": "access to attribute '__class__' is unsafe",
    "{{ list | random }}": "random is not allowed: a replay must give the same result",
    "{# x": "Missing end of comment tag",
    "{% raw %} x": "Missing end of raw directive",
    "{{ range(101) }}": "Range too big. The sandbox blocks ranges larger than 100.",
    "{% set a.b = 1 %}": "only the fields of a namespace can be set",
  })) {
    it(`says of ${source} what is wrong`, () => {
      assert.equal(wrong(source), message);
    });
  }

  it("names the line", () => {
    const at = (source: string): number | null => {
      try {
        compileText(source);
        return null;
      } catch (error) {
        return error instanceof TemplateError ? error.line : null;
      }
    };
    assert.equal(at("one\ntwo {{ a\n  b }}"), 3);
  });
});

describe("a template that would take all there is", () => {
  const BIG = "'x' * 900000";
  const tooLong = "a text would be longer than 1000000 characters";
  const doubled = "{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}";
  for (const [source, message] of [
    ["{{ 'x' * 1000000000 }}", tooLong],
    ["{{ 1000000000 * 'x' }}", tooLong],
    [`{% set n = namespace(x='xxxx') %}${doubled}`, tooLong],
    ["{{ [1] * 1000000000 }}", "a list would be longer than 100000 items"],
    ["{{ 'x' | center(1000000000) }}", tooLong],
    ["{{ 'x' | indent(1000000000, true) }}", tooLong],
    ["{{ ('a' * 99999) | replace('a', 'b' * 99999) }}", tooLong],
    ["{{ ['a' * 999] * 9999 }}", tooLong],
    ["{{ ([1] * 99999) | join('x' * 99999) }}", tooLong],
    ["{{ [1] | batch(1000000000, 0) }}", "a list would be longer than 100000 items"],
    [`{{ ${"(".repeat(3000)}1${")".repeat(3000)} }}`, "the expression is nested too deeply"],
    [`{{ ${"-".repeat(3000)}1 }}`, "the expression is nested too deeply"],
    [`{{ ${"not ".repeat(3000)}1 }}`, "the expression is nested too deeply"],
    [`{{ 1${"+1".repeat(20000)} }}`, "the expression has too many parts"],
    [`{{ a${".b".repeat(20000)} }}`, "the expression has too many parts"],
    [`${"{% if 1 %}".repeat(1000)}${"{% endif %}".repeat(1000)}`, "blocks are nested too deeply"],
    [`${"{% for x in list %}{% endfor %}".repeat(11)}`, "a template may have 10 loops"],
    ["x".repeat(65_537), "a template may be 65536 characters long"],
    ["{{ 1 }}".repeat(3000), "a template may have 2000 tags and texts"],
    [
      "{% for i in range(100) %}{% for j in range(100) %}{{ 'x' * 1000 }}{% endfor %}{% endfor %}",
      "the result is longer than 1000000 characters",
    ],
    [
      "{% for i in range(100) %}{% for j in range(100) %}{% set x = range(100)|map('string')|join %}{% endfor %}{% endfor %}",
      "the template takes too much work",
    ],
    ["{{ '%9999999s' % 1 }}", tooLong],
    ["{{ '{:>9999999}'.format(1) }}", tooLong],
    ["{{ '%.999f' % 1 }}", "a number may be written with 50 digits"],
    ["{{ word.ljust(9999999) }}", tooLong],
    ["{{ 'a\\tb'.expandtabs(9999999) }}", tooLong],
    ["{{ list | slice(9999999) | list }}", "a list would be longer than 100000 items"],
    ["{{ ('x' * 900000) | wordwrap(1) | wordwrap(1) }}", "the template takes too much work"],
    [`{{ ([${BIG}] * 1000) | map('length') | list }}`, "the template takes too much work"],
    [`{{ ([${BIG}] * 1000) | select('lower') | list }}`, "the template takes too much work"],
    [`{{ ([${BIG}] * 1000) | sort }}`, "the template takes too much work"],
    ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros are nested too deeply"],
    [
      "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
      "macros are nested too deeply",
    ],
    [
      "{% macro a(n) %}{% if n %}{{ a(n-1) }}{{ a(n-1) }}{{ a(n-1) }}{{ a(n-1) }}{{ a(n-1) }}{% endif %}{% endmacro %}{{ a(9) }}",
      "the template takes too much work",
    ],
    [
      "{% set n = namespace(v=1) %}{% for i in range(100) %}{% for j in range(5) %}{% set n.v = [n.v] %}{% endfor %}{% endfor %}{{ n.v }}",
      "a value is nested too deeply",
    ],
  ] as const) {
    it(`is stopped: ${source.slice(0, 60)}`, () => {
      assert.equal(wrong(source), message);
    });
  }
});
