using CryoBackup.Encryption;

namespace CryoBackup;

/// <summary>The verb Test: proves a backup from its file alone.</summary>
public static class BackupVerifier
{
    /// <summary>Verifies a backup. A missing or damaged one is a result, not an exception.</summary>
    /// <param name="request">Which file, and how deep.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The verdict with every check.</returns>
    /// <exception cref="CryoBackupException">IdentityMissing, ConfigurationInvalid: an identity file cannot be used.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static VerificationResult Run(VerificationRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        AgeIdentities.Check(request.Identities, observer);
        var inspection = new BackupInspection(request.Path, request.Level, request.Identities, observer, cancellationToken);
        inspection.Run();
        return inspection.ToResult();
    }
}
