#Requires -Version 7.4
<#
.SYNOPSIS
    Draws what the demo printed as a terminal, in one SVG that a browser shows without any script.
.DESCRIPTION
    Run by build.ps1 -Task Picture, which gives it the demo's own transcript: nothing in the picture is written by hand. Of the steps it takes
    those whose command is one of -Command, and the summary at the end. Line by line they appear once; who wants no motion sees all at once.
#>
[CmdletBinding()]
param(
    # The demo's transcript.
    [Parameter(Mandatory)] [string] $Transcript,

    # The picture.
    [Parameter(Mandatory)] [string] $Path,

    # The steps that are shown, by their commands.
    [string[]] $Command = @('New-CryoBackup cryoprotect -Path backups', '$backup | Test-CryoBackup -Level Restore', '$rehearsal.Checks | Format-Table Name, Outcome, Detail')
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'
$columns = 116
$lines = Get-Content -LiteralPath $Transcript
$shown = [System.Collections.Generic.List[string]]::new()
foreach ($wanted in $Command) {
    $at = [array]::IndexOf($lines, "PS> $wanted")
    if ($at -lt 0) {
        throw "The transcript has no step '$wanted'."
    }

    # A step ends where the next begins, or the line that is drawn below a heading.
    for ($i = $at; $i -lt $lines.Count; $i++) {
        if ($i -gt $at -and ($lines[$i] -like 'PS> *' -or ($i + 1 -lt $lines.Count -and $lines[$i + 1] -match '^=+$'))) {
            break
        }

        $shown.Add($lines[$i].TrimEnd())
    }

    while ($shown[-1] -eq '') { $shown.RemoveAt($shown.Count - 1) }
    $shown.Add('')
}

$end = @($lines | Select-String -Pattern '^Everything ended as it must').LineNumber
if (-not $end) {
    throw 'The demo did not end as it must.'
}

$lines[($end[-1] - 1)..($lines.Count - 1)] | Where-Object { $_ -and $_ -notmatch '^  (the files|next) ' } | ForEach-Object { $shown.Add($_.TrimEnd()) }

# Each text is cut to the window, as a terminal would break it.
$rows = @($shown | ForEach-Object {
        $rest = $_
        do {
            $rest.Substring(0, [Math]::Min($columns, $rest.Length))
            $rest = $rest.Substring([Math]::Min($columns, $rest.Length))
        } while ($rest)
    })

$width, $height = (16 + $columns * 7.84), (48 + $rows.Count * 18)
$invariant = [cultureinfo]::InvariantCulture
$moment = 0.0
$text = foreach ($i in 0..($rows.Count - 1)) {
    $row = $rows[$i]
    if ($row -like 'PS> *') { $moment += 1.2 } else { $moment += 0.06 }
    $escaped = [System.Net.WebUtility]::HtmlEncode($row) -replace '&#39;', "'"
    $escaped = $escaped -replace '^PS&gt;', '<tspan class="p">PS&gt;</tspan>' -creplace '\b(Passed|Proven|Rehearsed|Restored)\b', '<tspan class="g">$1</tspan>'
    [string]::Format($invariant, '<text x="12" y="{0}" style="animation-delay:{1:0.##}s">{2}</text>', 48 + $i * 18, $moment, $escaped)
}

$picture = [string]::Format($invariant, @'
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:0} {1:0}" role="img" aria-label="A backup is made, rehearsed and compared, in a terminal">
<style>
text {{ font: 13px ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #d6dde4; white-space: pre; animation: show .01s both; }}
.p {{ fill: #7ab0f5; }} .g {{ fill: #5cc98a; }}
@keyframes show {{ from {{ opacity: 0; }} to {{ opacity: 1; }} }}
@media (prefers-reduced-motion: reduce) {{ text {{ animation: none; }} }}
</style>
<rect width="100%" height="100%" rx="8" fill="#14181c"/>
<circle cx="18" cy="16" r="5" fill="#343d46"/><circle cx="36" cy="16" r="5" fill="#343d46"/><circle cx="54" cy="16" r="5" fill="#343d46"/>
{2}
</svg>
'@, $width, $height, ($text -join "`n"))
[System.IO.File]::WriteAllText($Path, $picture.ReplaceLineEndings("`n") + "`n")
