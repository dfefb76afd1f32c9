/** @file What editors have for MCP servers since VS Code 1.101. The editor's types are those of the oldest version that Tandem supports. */
import 'vscode';

declare module 'vscode' {
  interface McpServerDefinition {
    readonly label: string;
    cwd?: Uri;
  }
  interface McpServerDefinitionProvider {
    readonly onDidChangeMcpServerDefinitions: Event<void>;
    readonly provideMcpServerDefinitions: () => McpServerDefinition[];
  }
  const McpStdioServerDefinition:
    | (new (
        label: string,
        command: string,
        args: string[],
        env: Record<string, string | number | null>,
        version: string,
      ) => McpServerDefinition)
    | undefined;
  namespace lm {
    const registerMcpServerDefinitionProvider: ((id: string, provider: McpServerDefinitionProvider) => Disposable) | undefined;
  }
}
