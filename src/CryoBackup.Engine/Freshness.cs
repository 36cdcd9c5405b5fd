using System.Globalization;

namespace CryoBackup;

/// <summary>The dead-man's switch that needs no server: does a folder hold a proven backup that is young enough?</summary>
public static class Freshness
{
    private const string Age = "age";

    /// <summary>
    /// Looks, for each database of a folder, for its newest backup that is proven. Backups newer than it that do not prove good are told of;
    /// runs that failed leave none, so that their number does not matter.
    /// </summary>
    /// <param name="folder">The full path of the folder.</param>
    /// <param name="databases">The databases, by their exact names; empty for all that have a backup there.</param>
    /// <param name="maxAge">How old the newest good backup may be.</param>
    /// <param name="how">Level and identities of the proof; its path is not used.</param>
    /// <param name="observer">Takes progress and messages.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>One result a database, at least one: Failed if no proven backup is young enough, with the time of the last that was good.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied: the folder cannot be read. What a verification can fail with.</exception>
    public static IReadOnlyList<VerificationResult> Check(
        string folder, IReadOnlyList<string> databases, TimeSpan maxAge, VerificationRequest how, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(how);
        DateTime now = DateTime.UtcNow;
        ILookup<string, BackupInfo> backups = BackupCatalog.Find(folder, null, latest: false, observer, cancellationToken).ToLookup(backup => backup.Database, StringComparer.Ordinal);
        string[] names = databases.Count > 0 ? [.. databases] : [.. backups.Select(group => group.Key).Order(StringComparer.Ordinal)];
        return names.Length > 0
            ? [.. names.Select(name => CheckOne(folder, name, [.. backups[name]], maxAge, how, now, observer, cancellationToken))]
            : [Failed(folder, "", $"'{folder}' holds no backup at all.", how, now)];
    }

    private static VerificationResult CheckOne(
        string folder,
        string database,
        IReadOnlyList<BackupInfo> newestFirst,
        TimeSpan maxAge,
        VerificationRequest how,
        DateTime now,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken)
    {
        int bad = 0;
        foreach (BackupInfo backup in newestFirst)
        {
            cancellationToken.ThrowIfCancellationRequested();
            VerificationResult proof = BackupVerifier.Run(
                new VerificationRequest { Path = backup.Path, Level = how.Level, Identities = how.Identities }, observer, cancellationToken);
            if (proof.Verdict == Verdict.Passed)
            {
                return Judge(proof, backup, bad, maxAge, now);
            }

            observer(new WarningMessage($"'{backup.Path}' is not proven: {proof.Reason}"));
            bad++;
        }

        return Failed(
            folder,
            database,
            bad == 0 ? $"'{folder}' holds no backup of '{database}'." : string.Create(CultureInfo.InvariantCulture, $"None of the {bad} backups of '{database}' in '{folder}' is proven."),
            how,
            now);
    }

    private static VerificationResult Judge(VerificationResult proof, BackupInfo backup, int bad, TimeSpan maxAge, DateTime now)
    {
        TimeSpan age = now - backup.Start;
        bool isFresh = age <= maxAge;
        string newer = bad > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {bad} newer {(bad == 1 ? "one is" : "ones are")} not proven") : "";
        string detail = string.Create(
            CultureInfo.InvariantCulture, $"the last good backup of '{backup.Database}' is of {backup.Start:yyyy-MM-dd HH:mm:ss}Z, {InWords(age)} ago; at most {InWords(maxAge)} are allowed{newer}");
        return new VerificationResult
        {
            Database = proof.Database,
            Path = proof.Path,
            Level = proof.Level,
            Verdict = isFresh ? Verdict.Passed : Verdict.Failed,
            Reason = char.ToUpperInvariant(detail[0]) + detail[1..] + ".",
            Checks = [.. proof.Checks, new CheckResult { Name = Age, Outcome = isFresh ? CheckOutcome.Passed : CheckOutcome.Failed, Detail = detail }],
            Tables = proof.Tables,
            Hash = proof.Hash,
            Start = now,
            End = proof.End,
            Duration = proof.End - now,
        };
    }

    private static VerificationResult Failed(string folder, string database, string reason, VerificationRequest how, DateTime now) => new()
    {
        Database = database,
        Path = folder,
        Level = how.Level,
        Verdict = Verdict.Failed,
        Reason = reason,
        Checks = [new CheckResult { Name = Age, Outcome = CheckOutcome.Failed, Detail = reason }],
        Start = now,
        End = now,
    };

    private static string InWords(TimeSpan time)
        => time < TimeSpan.FromMinutes(2) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalSeconds)} seconds")
            : time < TimeSpan.FromHours(2) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalMinutes)} minutes")
            : time < TimeSpan.FromDays(3) ? string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalHours)} hours")
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(time.TotalDays)} days");
}
