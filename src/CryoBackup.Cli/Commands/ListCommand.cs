using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Inspection;
using CryoBackup.Reports;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup list: the backups of a folder.</summary>
internal sealed class ListCommand : Command
{
    private readonly Operands _paths = new("path", "Folders; that of the configuration or the current one unless said otherwise");

    private readonly OptionSet<CatalogQuery> _options = new OptionSet<CatalogQuery>()
        .Add(
            new Option<string[]>("--database", "-d")
            {
                Description = "Only backups of these databases; * and ? are allowed",
                HelpName = "database",
            },
            (query, value) => query with { Databases = value }
        )
        .Add(
            new Option<string[]>("--server")
            {
                Description = "Only backups of these servers: host names, host:port or system identifiers; * and ? are allowed",
                HelpName = "server",
            },
            (query, value) => query with { Servers = value }
        )
        .Add(
            Moment("--since", "Only backups begun then or later: a time, local where it says no zone, or how long ago"),
            (query, value) => query with { Since = value }
        )
        .Add(Moment("--before", "Only backups begun before, said in the same way"), (query, value) => query with { Before = value })
        .Add(
            new Option<bool>("--latest") { Description = "Only the newest backup of each database of each server" },
            (query, value) => query with { Latest = value }
        )
        .Add(
            new Option<bool>("--proven") { Description = "Only backups whose content is proven: when it was made, or by a test since" },
            (query, value) => query with { Proven = value }
        )
        .Add(
            new Option<bool>("--rehearsed") { Description = "Only backups that came back in a rehearsal" },
            (query, value) => query with { Rehearsed = value }
        )
        .Add(
            new Option<bool>("--degraded") { Description = "Only backups that hold suspiciously less than the proven one before them" },
            (query, value) => query with { Degraded = value }
        )
        .Add(
            new Option<bool>("--partial") { Description = "Only backups of a selection of their database" },
            (query, value) => query with { Partial = value }
        )
        .Add(
            new Option<bool>("--all")
            {
                Description =
                    "Also what is no complete backup, told by its state: a file without a manifest, a manifest without a file, "
                    + "what a run left",
            },
            (query, value) => query with { All = value }
        )
        .Add(
            new Option<bool>("--recurse", "-r") { Description = "Also the folders below" },
            (query, value) => query with { Recurse = value }
        );

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly ConfigOption _config = new(ConfigurationUse.Get);

    public ListCommand()
        : base("list", "List the backups of a folder, newest first")
    {
        _paths.AddTo(this);
        _options.AddTo(this);
        Add(_identity);
        Add(_reportPath);
        _config.AddTo(this);
        SetAction(Run);
    }

    /// <summary>Lists each folder, then asks for each database that was named whether any folder has it; last the page of all.</summary>
    private int Run(ParseResult arguments)
    {
        CatalogQuery query = _options.Read(arguments, new CatalogQuery());
        var found = new HashSet<string>(StringComparer.Ordinal);
        var listed = new List<string>();
        FleetReport? report = null;
        return new Batch<(string? Folder, string? Database), BackupInfo>
        {
            Items = (observer, _) =>
            {
                report = Report(arguments, query.Databases, observer);
                return
                [
                    .. Folders(arguments, observer).Select(folder => (folder, (string?)null)),
                    .. query.Databases.Select(name => ((string?)null, name)),
                ];
            },
            Work = (_, item, observer, cancellationToken) =>
            {
                if (item.Folder is not { } folder)
                {
                    return
                        listed.Count > 0
                        && BackupCatalog.NotFound(query with { Databases = [item.Database!] }, found, listed) is [var failure]
                        ? throw failure
                        : [];
                }

                BackupInfo[] backups = List(arguments, StoreLocation.FullPathOrLocation(folder), query, observer, cancellationToken);
                listed.Add(StoreLocation.FullPathOrLocation(folder));
                found.UnionWith(backups.Select(backup => backup.Database));
                report?.Add(backups);
                return backups;
            },
            Finish = observer =>
            {
                foreach (string path in report?.Write(DateTime.UtcNow) ?? [])
                {
                    observer(new VerboseMessage($"Wrote the report '{path}'."));
                }
            },
            Print = BackupTable.Print,
            Judge = _ => ExitCode.Good,
        }.Run(arguments);
    }

    private BackupInfo[] List(
        ParseResult arguments,
        string folder,
        CatalogQuery query,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        BackupConfiguration? configuration = _config.Read(arguments, observer);
        return
        [
            .. EncryptedTables.Read(
                BackupCatalog.Find(folder, query, observer, cancellationToken, CopyPlan.Options(configuration)),
                BackupPlan.Identities(configuration, _identity.Read(arguments)),
                observer,
                cancellationToken,
                CopyPlan.Options(configuration)
            ),
        ];
    }

    private FleetReport? Report(ParseResult arguments, IReadOnlyList<string> databases, Action<EngineMessage> observer)
    {
        if (CommonOptions.FullPath(arguments.GetValue(_reportPath)) is not { } path)
        {
            return null;
        }

        BackupConfiguration? configuration = _config.Read(arguments, observer);
        var report = FleetReport.At(path, configuration);
        if (_paths.Read(arguments).Length == 0)
        {
            report.Expect(BackupPlan.Expected(configuration).SelectMany(place => place.Databases), databases);
        }

        return report;
    }

    private static Option<DateTime> Moment(string name, string description) =>
        new(name)
        {
            Description = $"{description}: {MomentText.Forms}",
            HelpName = "time",
            CustomParser = argument =>
            {
                string text = argument.Tokens[0].Value;
                if (MomentText.TryParse(text, DateTime.UtcNow) is not { } moment)
                {
                    argument.AddError(MomentText.Refusal(text));
                    return default;
                }
                return moment;
            },
        };

    private IReadOnlyList<string> Folders(ParseResult arguments, Action<EngineMessage> observer)
    {
        BackupConfiguration? configuration = _config.Read(arguments, observer);
        return _paths.Read(arguments) is { Length: > 0 } given ? given
            : BackupPlan.Folders(configuration) is { Count: > 0 } configured ? configured
            : ["."];
    }
}
