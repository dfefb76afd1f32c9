/**
 * @file What only one file may use, so that nobody gets around what that file sees to: as one ESLint rule made from one table. Tests start
 * what they like, but for ONNX Runtime.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const starts = 'src/childProcess.ts starts processes: what they run, where they stand and what they inherit is settled there.';
const loads =
  'No code is loaded by a path or made from text: a workspace could name it. What is Tandem’s own is imported by a literal name.';

/**
 * Modules (or what `only` names of them), and the file that may import them.
 * @type {readonly { readonly name: RegExp, readonly only?: RegExp, readonly door: RegExp, readonly message: string, readonly inTests?: true, readonly types?: true }[]}
 */
const modules = [
  {
    name: /^onnxruntime-node(\/|$)/,
    door: /^src\/tensor\/onnxruntimeLibrary\.ts$/,
    message: 'src/tensor/onnxruntimeLibrary.ts loads ONNX Runtime: its telemetry has to be off before.',
    inTests: true,
  },
  { name: /^(node:)?(child_process|cluster)$/, door: /^src\/childProcess\.ts$/, message: starts },
  {
    name: /^(node:)?vm$/,
    door: /^src\/timeLimit\.ts$/,
    message: 'src/timeLimit.ts runs what may not end; node:vm keeps nobody in.',
  },
  {
    name: /^yaml$/,
    only: /^(parse|parseDocument|parseAllDocuments)$/,
    door: /^src\/prompt\/frontMatter\.ts$/,
    message: 'src/prompt/frontMatter.ts reads YAML: the library takes the square of the number of keys to find those that stand twice.',
  },
  {
    // Seen from the rooms above model/, types included: what crosses the seam is texts and counts.
    name: /^(\.\.\/)+model\/(engine|generation|localModel|modelShape|packing|prefixCache|scoring|tokenizer|tokenModel|transformerGraph)\.ts$/,
    door: /^$/,
    message:
      'Above model/ nobody sees a tokenizer, token ids or graphs: ask LanguageModel, its texts, or OpenedModel; src/model/sources/ opens models.',
    types: true,
  },
  { name: /^(node:)?module$/, door: /^src\/tensor\/tensorflow\.ts$/, message: loads },
];

/** May load a module whose name is no literal. */
const loaders = [/^src\/evaluate\/metrics\/module\.ts$/, /^src\/tensor\/tensorflow\.ts$/];

const isTest = (/** @type {string} */ file) => /^test\/|\.(test|fixture)\.ts$/.test(file);
/** What becomes part of the program. */
const isProduct = (/** @type {string} */ file) => /^src\//.test(file) && !isTest(file);

/** @type {import('eslint').Rule.RuleModule} */
const rule = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const file = context.filename.slice(context.cwd.length + 1).replaceAll('\\', '/');
    const checkName = (/** @type {any} */ node, /** @type {unknown} */ name, isType = false) => {
      if (typeof name !== 'string') return;
      const names = (node.specifiers ?? []).map((/** @type {any} */ each) => each.imported?.name ?? '*');
      const found = modules.find(
        (each) =>
          (each.types ?? !isType) &&
          each.name.test(name) &&
          !each.door.test(file) &&
          (!each.only || names.some((/** @type {string} */ part) => part === '*' || each.only?.test(part))),
      );
      if (found && (isProduct(file) || found.inTests)) context.report({ node, message: found.message });
    };
    const checkImport = (/** @type {any} */ node) => checkName(node, node.source?.value, (node.importKind ?? node.exportKind) === 'type');
    const checkLoaded = (/** @type {any} */ node, /** @type {any} */ source) => {
      if (source?.type === 'Literal') checkName(node, source.value);
      else if (isProduct(file) && !loaders.some((loader) => loader.test(file))) context.report({ node, message: loads });
    };
    const ofProcess = ['getBuiltinModule', 'binding', 'dlopen'];
    return {
      ImportDeclaration: checkImport,
      ExportNamedDeclaration: checkImport,
      ExportAllDeclaration: checkImport,
      ImportExpression: (node) => checkLoaded(node, node.source),
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') checkLoaded(node, node.arguments[0]);
        if (node.callee.type === 'Identifier' && node.callee.name === 'eval' && isProduct(file)) context.report({ node, message: loads });
      },
      NewExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'Function' && isProduct(file))
          context.report({ node, message: loads });
      },
      MemberExpression(node) {
        const of = node.object.type === 'Identifier' && node.object.name === 'process';
        if (of && node.property.type === 'Identifier' && ofProcess.includes(node.property.name) && isProduct(file))
          context.report({ node, message: loads });
      },
    };
  },
};

/** ESLint's cache tells plugins apart by this: what it remembers of another table does not count. */
const meta = {
  name: 'house',
  version: createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .digest('hex'),
};

/** @type {import('eslint').Linter.Config[]} */
export const doorRules = [
  { files: ['**/*.ts', '**/*.mjs', '**/*.js'], plugins: { house: { meta, rules: { doors: rule } } }, rules: { 'house/doors': 'error' } },
];
