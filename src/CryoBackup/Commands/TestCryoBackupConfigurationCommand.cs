using System.Management.Automation;
using CryoBackup.Hosting;

namespace CryoBackup.Commands;

/// <summary>Test-CryoBackupConfiguration: what a configuration file means, and what is wrong with it.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CryoBackupConfiguration")]
[OutputType(typeof(ConfigurationResult))]
public sealed class TestCryoBackupConfigurationCommand : ConfigurationCmdlet
{
    /// <summary>The files; without it the one that the other cmdlets would take.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath", "FullName", "Config")]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Sends a test through every channel of notification that the file enables.</summary>
    [Parameter]
    public SwitchParameter Notify { get; set; }

    /// <summary>Tests each file.</summary>
    protected override void ProcessRecord()
    {
        string here = SessionState.Path.CurrentFileSystemLocation.ProviderPath;
        foreach (string? path in Path.DefaultIfEmpty())
        {
            try
            {
                string? full = path is null ? null : FileSystemPaths.Literal(SessionState, path, CryoBackupError.ConfigurationInvalid);
                if (Run(full ?? here, (observer, stop) => ConfigurationCheck.Run(full, here, Notify, observer, stop)) is { } result)
                {
                    WriteObject(result);
                }
            }
            catch (CryoBackupException failure)
            {
                WriteError(ErrorRecords.Create(failure, path ?? here));
            }
        }
    }
}
