using System.Management.Automation;
using CryoBackup.Configuration;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>New-CryoBackupConfiguration: an annotated configuration file to begin with.</summary>
[Cmdlet(VerbsCommon.New, "CryoBackupConfiguration", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(FileInfo))]
public sealed class NewCryoBackupConfigurationCommand : ConfigurationCmdlet
{
    /// <summary>The new file, or an existing folder that takes cryobackup.yaml.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Writes the file.</summary>
    protected override void ProcessRecord()
    {
        try
        {
            string full = FileSystemPaths.Literal(SessionState, Path, CryoBackupError.ConfigurationInvalid);
            if (ShouldProcess(VisibleText.Of(full), "Write an example of a configuration"))
            {
                WriteObject(new FileInfo(ConfigurationExample.Write(full)));
            }
        }
        catch (CryoBackupException failure)
        {
            WriteError(ErrorRecords.Create(failure, Path));
        }
    }
}
