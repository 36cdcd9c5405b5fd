namespace CryoBackup.Cli;

/// <summary>How the tool ends, for scripts that ask nothing but <c>$?</c>.</summary>
internal static class ExitCode
{
    public const int Good = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int VerdictFailed = 3;
    public const int VerdictInconclusive = 4;

    private static readonly int[] s_byGravity = [Good, VerdictInconclusive, VerdictFailed, Failed, Usage];

    /// <summary>The graver of two codes: when several backups are worked on, one bad one must show.</summary>
    public static int Worst(int one, int other) => Array.IndexOf(s_byGravity, one) >= Array.IndexOf(s_byGravity, other) ? one : other;

    public static int Of(CryoBackupException failure) => failure.Error == CryoBackupError.ConfigurationInvalid ? Usage : Failed;

    public static int Of(Verdict verdict) =>
        verdict switch
        {
            Verdict.Passed => Good,
            Verdict.Inconclusive => VerdictInconclusive,
            _ => VerdictFailed,
        };
}
