using System.Collections;
using System.Globalization;
using System.Management.Automation;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Storage;

namespace CryoBackup.Completion;

/// <summary>
/// Completes a path: first the backups of the configured folder, newest first, or the folder itself where one is asked for, then what
/// PowerShell itself completes. A word with a folder in it is PowerShell's alone.
/// </summary>
public sealed class BackupPathCompleter : CommandLineCompleter
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);

    private protected override IEnumerable<CompletionResult> Complete(string command, string parameter, string word, IDictionary bound)
    {
        string begin = word.Trim('\'', '"');
        bool isFolder = command.StartsWith("Get-", StringComparison.OrdinalIgnoreCase) || bound.Contains("Latest");
        IEnumerable<CompletionResult> configured = begin.IndexOfAny(['/', '\\', ':', '~']) < 0 ? Configured(begin, isFolder, bound) : [];
        return configured
            .Concat(Stores(begin, bound))
            .Concat(CompletionCompleters.CompleteFilename(word))
            .DistinctBy(result => result.CompletionText, StringComparer.Ordinal);
    }

    /// <summary>The stores of the configuration, of which nothing is asked: completion needs no network.</summary>
    private static IEnumerable<CompletionResult> Stores(string begin, IDictionary bound) =>
        Completion.Of(Read<string>(bound, (configuration, _) => [.. CopyPlan.Stores(configuration)]), begin, isPattern: true);

    private static List<CompletionResult> Configured(string begin, bool isFolder, IDictionary bound) =>
        Read(bound, (configuration, here) => Configured(begin, isFolder, BackupPlan.Folders(configuration), here));

    private static List<CompletionResult> Configured(string begin, bool isFolder, IReadOnlyList<string> folders, string here) =>
        isFolder
            ?
            [
                .. folders
                    .Where(folder =>
                        Directory.Exists(folder) && Path.GetFileName(folder).StartsWith(begin, StringComparison.OrdinalIgnoreCase)
                    )
                    .Select(folder => Result(here, folder, Path.GetFileName(folder), folder)),
            ]
            :
            [
                .. BackupsOf(folders)
                    .Where(backup => Path.GetFileName(backup.Path).StartsWith(begin, StringComparison.OrdinalIgnoreCase))
                    .Select(backup =>
                        Result(
                            here,
                            backup.Path,
                            Path.GetFileName(backup.Path),
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{backup.Database}, {backup.Start:yyyy-MM-dd HH:mm:ss}Z, {backup.Path}"
                            )
                        )
                    ),
            ];

    /// <summary>Takes something from the configuration; nothing where there is none, or it cannot be read.</summary>
    private static List<T> Read<T>(IDictionary bound, Func<BackupConfiguration, string, List<T>> take)
    {
        try
        {
            string here = CurrentFolder();
            string? given = Completion.Bound(bound, "Config");
            string? file = ConfigurationFile.Find(given is null ? null : NamedBackups.FullPath(given), here);
            return file is null ? [] : take(ConfigurationFile.Read(file, static _ => { }), here);
        }
        catch (Exception exception)
            when (exception
                    is CryoBackupException
                        or IOException
                        or UnauthorizedAccessException
                        or RuntimeException
                        or ArgumentException
                        or OperationCanceledException
            )
        {
            return [];
        }
    }

    private static IEnumerable<BackupInfo> BackupsOf(IReadOnlyList<string> folders)
    {
        using var limit = new CancellationTokenSource(Limit);
        return
        [
            .. folders
                .Where(Directory.Exists)
                .SelectMany(folder => BackupCatalog.Find(folder, null, latest: false, static _ => { }, limit.Token))
                .OrderByDescending(backup => backup.Start),
        ];
    }

    /// <summary>As PowerShell completes files: below the current folder by a path that begins with it.</summary>
    private static CompletionResult Result(string here, string path, string name, string tip)
    {
        string relative = Path.GetRelativePath(here, path);
        string text =
            relative.StartsWith("..", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? path : Path.Combine(".", relative);
        return new CompletionResult(Completion.QuotePath(WildcardPattern.Escape(text)), name, CompletionResultType.ProviderItem, tip);
    }

    private static string CurrentFolder()
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell.AddCommand("Get-Location").AddParameter("PSProvider", "FileSystem").Invoke<PathInfo>()[0].ProviderPath;
    }
}
