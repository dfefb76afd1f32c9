/** @file Offers `tandem mcp` to the agents of the editor: a server for each folder of a trusted workspace, where the editor has such servers. */
import * as vscode from 'vscode';
import { mcpServer } from './core/mcpServer.ts';
import { mcpProviderId, settingIds } from './ids.ts';
import { mayRunModules } from './settings.ts';

export function registerMcpServers({ extensionUri, extension }: vscode.ExtensionContext): vscode.Disposable {
  const [register, Definition] = [vscode.lm.registerMcpServerDefinitionProvider, vscode.McpStdioServerDefinition];
  if (!register || !Definition) return vscode.Disposable.from();
  const dist = vscode.Uri.joinPath(extensionUri, 'dist');
  const cli = vscode.Uri.joinPath(dist, 'cli.js').fsPath;
  const { version } = extension.packageJSON as { version: string };
  const serverFor = ({ uri, name }: vscode.WorkspaceFolder, _: number, { length }: readonly unknown[]): vscode.McpServerDefinition => {
    const { command, args, env } = mcpServer(cli, uri.fsPath, mayRunModules(uri));
    const server = new Definition(length === 1 ? 'Tandem' : `Tandem (${name})`, command, [...args], env, version);
    // As with every process of Tandem's: no file of the workspace stands beside it.
    server.cwd = dist;
    return server;
  };
  const changed = new vscode.EventEmitter<void>();
  const fire = (): void => changed.fire();
  const servers = {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: () =>
      // The server trusts what the folder's prompt files name: their models are loaded.
      vscode.workspace.isTrusted ? (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(serverFor) : [],
  };
  let provider: vscode.Disposable;
  try {
    provider = register(mcpProviderId, servers);
  } catch {
    // In 1.100 the function was a proposal with another contribution point, and it refuses extensions without that.
    return changed;
  }
  return vscode.Disposable.from(
    provider,
    changed,
    vscode.workspace.onDidGrantWorkspaceTrust(fire),
    vscode.workspace.onDidChangeWorkspaceFolders(fire),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(settingIds.allowModules)) fire();
    }),
  );
}
