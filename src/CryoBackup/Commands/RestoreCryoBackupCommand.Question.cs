using System.Management.Automation;
using CryoBackup.Restore;
using CryoBackup.Text;

namespace CryoBackup.Commands;

// What is asked, or told by -WhatIf, before anything changes.
public sealed partial class RestoreCryoBackupCommand
{
    /// <summary>
    /// A plan changes nothing and asks nothing. A new database touches nothing that exists, so -Create asks no more than New-CryoBackup
    /// does. All else is asked for unless forced. -WhatIf and an explicit -Confirm are always obeyed.
    /// </summary>
    private bool MayRestore(string path)
    {
        bool onlyTells = IsAsked("WhatIf", "WhatIfPreference");
        ConfirmImpact asksFrom = LanguagePrimitives.TryConvertTo(GetVariableValue("ConfirmPreference"), out ConfirmImpact preference)
            ? preference
            : ConfirmImpact.High;
        bool mayBeSilent = PlanOnly || Force || (Create && !Clean && !Swap && asksFrom is not (ConfirmImpact.Low or ConfirmImpact.Medium));
        if (mayBeSilent && !onlyTells && !IsAsked("Confirm", null))
        {
            return true;
        }

        bool isSilenced = MyInvocation.BoundParameters.ContainsKey("Confirm") ? !IsAsked("Confirm", null) : asksFrom == ConfirmImpact.None;
        RestoreRequest request = _request with { Path = path };
        string deed = VisibleText.Of($"Restore '{path}' into the database '{TargetDatabase}' on {request.Connection.Describe()}.");
        if (onlyTells)
        {
            deed = Foretell(request) ?? deed;
        }
        else if (!isSilenced)
        {
            if (RunEngine(path, (observer, stop) => RestoreQuestion.Prepare(request, observer, stop)) is not { } question)
            {
                return false;
            }

            deed = question.ToString();
        }

        return MayDo(TargetDatabase, deed);
    }

    /// <summary>What -WhatIf says: the question, or why the restore would be refused.</summary>
    private string? Foretell(RestoreRequest request)
    {
        string? told = null;
        RunEngine(
            request.Path,
            (observer, stop) =>
            {
                try
                {
                    told = RestoreQuestion.Prepare(request, observer, stop).ToString();
                }
                catch (CryoBackupException refusal)
                {
                    string where = $"'{request.TargetDatabase}' on {request.Connection.Describe()}";
                    told = VisibleText.Of($"Restore '{request.Path}' into the database {where}. It would fail: {refusal.Message}");
                }

                return request;
            }
        );
        return told;
    }
}
