using System.Globalization;
using System.IO.Enumeration;
using CryoBackup.Inspection;
using CryoBackup.Storage;
using CryoBackup.Text;

namespace CryoBackup.Verification;

/// <summary>The dead-man's switch that needs no server: does a folder hold a proven backup that is young enough?</summary>
internal static class Freshness
{
    // A clock may be a little ahead of ours. A backup of next year would keep the switch silent until then.
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>What to ask of a folder: one task a database, at least one.</summary>
    /// <param name="how">Level, identities and <see cref="VerificationRequest.MaxAge"/>,
    /// which is how old the newest good backup may be.</param>
    /// <param name="folder">The full path of the folder.</param>
    /// <param name="databases">
    /// The databases: exact names, also of such as have no backup there, and patterns (* and ?) for those that have; empty for all that
    /// have one.
    /// </param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>
    /// Tasks; that of an empty name where no database is named and the folder holds no backup at all. A folder that is missing or cannot be
    /// read, as a share that is not mounted, makes each of them Failed.
    /// </returns>
    public static IReadOnlyList<VerificationTask> Tasks(
        VerificationRequest how,
        string folder,
        IReadOnlyList<string> databases,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(how);
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(observer);
        ILookup<bool, KnownBackup> backups;
        try
        {
            // What is neither described nor named as one of ours is nobody's backup.
            backups = BackupCatalog
                .Known(
                    BackupListing.Of(folder, how.Store, observer, cancellationToken),
                    text => observer(new VerboseMessage(text)),
                    cancellationToken
                )
                .OrderByDescending(backup => backup.Start)
                .ToLookup(backup => backup.Origin.IsPartial);
        }
        catch (CryoBackupException exception) when (MissingBackups.Hides(exception))
        {
            return MissingBackups.Everything(how, folder, databases, CheckNames.Age, exception);
        }

        ILookup<string, KnownBackup> found = backups[false].ToLookup(backup => backup.Database, StringComparer.Ordinal);
        string[] all = [.. backups.SelectMany(group => group).Select(backup => backup.Database).Distinct(StringComparer.Ordinal)];

        // A pattern that matches nothing stays, so that it fails as a name does.
        string[] Matching(string wanted) =>
            Array.FindAll(all, database => FileSystemName.MatchesSimpleExpression(wanted, database, ignoreCase: false))
                is { Length: > 0 } matches
                ? matches
                : [wanted];

        TellOfSelections(backups[true], found, observer);
        IEnumerable<string> names = databases.Count == 0 ? all : databases.SelectMany(Matching);
        return
        [
            .. names
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .DefaultIfEmpty("")
                .Select(name =>
                    found.Contains(name)
                        ? Task(how with { Path = folder }, name, [.. found[name]])
                        : MissingBackups.In(how, folder, name, CheckNames.Age)
                ),
        ];
    }

    private static void TellOfSelections(
        IEnumerable<KnownBackup> selections,
        ILookup<string, KnownBackup> found,
        Action<EngineMessage> observer
    )
    {
        foreach (
            KnownBackup partial in selections
                .DistinctBy(backup => backup.Database, StringComparer.Ordinal)
                .Where(partial => !found[partial.Database].Any(whole => whole.Start >= partial.Start))
        )
        {
            observer(
                new WarningMessage($"'{partial.Path}' holds only a selection of '{partial.Database}'; it is not taken for a fresh backup.")
            );
        }
    }

    private static VerificationTask Task(VerificationRequest request, string database, IReadOnlyList<KnownBackup> newestFirst) =>
        new(request, database, (observer, stop) => Check(request, database, newestFirst, observer, stop));

    /// <summary>
    /// Looks for the newest backup of a database that is proven. Backups newer than it that do not prove good are told of; runs that failed
    /// leave none, so that their number does not matter.
    /// </summary>
    /// <param name="request">The folder, and how old the newest good backup may be.</param>
    /// <param name="database">The database.</param>
    /// <param name="newestFirst">Its backups there.</param>
    /// <param name="observer">Takes progress and messages.</param>
    /// <param name="cancellationToken">Ends the verification that runs, and begins no other.</param>
    /// <returns>Failed if no proven backup is young enough, with the time of the last that was good.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: no age is given. What a verification can fail with.</exception>
    private static VerificationResult Check(
        VerificationRequest request,
        string database,
        IReadOnlyList<KnownBackup> newestFirst,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        TimeSpan most =
            request.MaxAge
            ?? throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "No age is given that the newest good backup may have.",
                nameof(request.MaxAge),
                "Give it with -MaxAge, such as 26h."
            );
        DateTime now = DateTime.UtcNow;
        int bad = 0;
        string newest = "";
        foreach (KnownBackup backup in newestFirst)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool isYoung = now - backup.Start <= most;
            VerificationResult? proof =
                !backup.HasManifest || now - backup.Start < -Ahead
                    ? null
                    : BackupVerifier.Run(Proof(request, backup.Path, isYoung), observer, cancellationToken);
            if (proof is { Verdict: Verdict.Passed })
            {
                return Judge(proof, backup.Start, isYoung, now, most, bad);
            }

            string reason =
                proof?.Reason
                ?? (
                    backup.HasManifest
                        ? "Its manifest tells a time that has not come yet."
                        : "No manifest that can be read tells when it was made."
                );
            observer(new WarningMessage($"'{backup.Path}' is not proven: {reason}"));
            newest = bad++ == 0 ? reason : newest;
        }

        string none = string.Create(
            CultureInfo.InvariantCulture,
            $"None of the {bad} backups of '{database}' in '{request.Path}' is proven; of the newest: {newest}"
        );
        return MissingBackups.Judge(
            request,
            database,
            new(CheckNames.Age, CryoBackupError.BackupNotFound, none, MissingBackups.Remedy),
            now
        );
    }

    /// <summary>What is too old decides no more, only what is said; it is not worth a rehearsal.</summary>
    private static VerificationRequest Proof(VerificationRequest request, string path, bool isYoung) =>
        isYoung || request.Level != VerificationLevel.Restore
            ? request with
            {
                Path = path,
                MaxAge = null,
            }
            : new VerificationRequest
            {
                Path = path,
                Identities = request.Identities,
                Timeout = request.Timeout,
            };

    private static VerificationResult Judge(VerificationResult proof, DateTime made, bool isYoung, DateTime now, TimeSpan most, int bad)
    {
        string newer =
            bad > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {bad} newer {(bad == 1 ? "one is" : "ones are")} not proven") : "";
        string last = string.Create(
            CultureInfo.InvariantCulture,
            $"the last good backup of '{proof.Database}' is of {made:yyyy-MM-dd HH:mm:ss}Z"
        );
        string detail = $"{last}, {DurationText.About(now - made)} ago; at most {DurationText.Of(most)} is allowed{newer}";
        string reason = char.ToUpperInvariant(detail[0]) + detail[1..] + ".";
        var checks = CheckList.After(proof);
        if (isYoung)
        {
            checks.Pass(CheckNames.Age, detail);
        }
        else
        {
            checks.Fail(CheckNames.Age, detail, MissingBackups.Remedy, reason);
        }

        return checks.Conclude(proof, reason);
    }
}
