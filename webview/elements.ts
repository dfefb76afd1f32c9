/** @file The only file that imports the custom elements of `@vscode-elements/elements`. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';

// The library's buttons handle the space key but do not stop the page from scrolling.
document.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.target instanceof Element && event.target.localName === 'vscode-button') event.preventDefault();
});
