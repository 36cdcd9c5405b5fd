using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;

namespace CryoBackup.Hosting;

/// <summary>What runs left that were killed before they could clear up after themselves.</summary>
public static class DeadRuns
{
    /// <summary>
    /// Removes from the temporary folder what runs of this account on this machine left that are dead: passwords in clear, keys, throwaway
    /// servers with what was restored into them. Hosts call it as a verb begins, whichever it is: the one that would need the same kind of
    /// thing may never come. What cannot be removed stays for the next.
    /// </summary>
    public static void Remove()
    {
        PrivateFolder.RemoveAbandoned();
        try
        {
            ScratchFolder.RemoveAbandoned();
        }
        catch (CryoBackupException)
        {
            // Root without an account that servers could run as has none.
        }
    }
}
