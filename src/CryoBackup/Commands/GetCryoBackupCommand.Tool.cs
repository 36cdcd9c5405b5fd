using System.Management.Automation;

namespace CryoBackup.Commands;

// A word that is no command yet, PowerShell takes for the noun of a Get- command: cryobackup, before the module is loaded, for this one.
public sealed partial class GetCryoBackupCommand : IDynamicParameters
{
    private const string Tool = "cryobackup";
    private RuntimeDefinedParameter? _words;

    private bool IsTool => string.Equals(MyInvocation.InvocationName, Tool, StringComparison.OrdinalIgnoreCase);

    /// <summary>Takes any words, where they are meant for the tool.</summary>
    /// <returns>Null where this cmdlet is called by its own name.</returns>
    public object? GetDynamicParameters()
    {
        if (!IsTool)
        {
            return null;
        }

        var any = new ParameterAttribute { ValueFromRemainingArguments = true };
        _words = new RuntimeDefinedParameter("Words", typeof(object[]), [any]);
        return new RuntimeDefinedParameterDictionary { [_words.Name] = _words };
    }

    /// <summary>Hands the words on to the tool, which the module has by that name.</summary>
    private void RunTool()
    {
        if (MyInvocation.BoundParameters.Keys.FirstOrDefault(name => name != nameof(Path) && name != _words?.Name) is { } option)
        {
            ThrowTerminatingError(
                ErrorRecords.Create(
                    new CryoBackupException(
                        CryoBackupError.ConfigurationInvalid,
                        $"'{Tool}' is the tool, and PowerShell took one of its options for -{option} of Get-CryoBackup.",
                        Tool,
                        "Enter it again: the module is loaded now, and its tool is found. In a script begin with Import-Module CryoBackup."
                    ),
                    Tool
                )
            );
        }

        object[] words = [.. MyInvocation.BoundParameters.ContainsKey(nameof(Path)) ? Path : [], .. (object[]?)_words?.Value ?? []];
        foreach (
            PSObject said in InvokeCommand.InvokeScript(
                $"param($Words) {Tool} @Words",
                useNewScope: true,
                System.Management.Automation.Runspaces.PipelineResultTypes.None,
                null,
                [words]
            )
        )
        {
            WriteObject(said);
        }
    }
}
