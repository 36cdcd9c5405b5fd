BeforeAll {
    . $PSScriptRoot/TestSupport.ps1
    Initialize-TestDatabase cryo_conf 100
    Initialize-TestDatabase cryo_conf_two 50
    $canary = 'canary-in-the-configuration'

    # Writes config/backup_config.yaml of a new folder and goes there; the server is that of the environment.
    function Enter-Project([string] $Text) {
        $project = New-Item -ItemType Directory -Path (Join-Path $TestDrive ([guid]::NewGuid()))
        $null = New-Item -ItemType Directory -Path (Join-Path $project 'config')
        $file = Join-Path $project 'config/backup_config.yaml'
        Set-Content -LiteralPath $file -Value $Text
        Push-Location -LiteralPath $project
        $file
    }
}

AfterAll {
    Clear-TestDatabase cryo_conf
    Clear-TestDatabase cryo_conf_two
}

Describe 'A configuration' {
    AfterEach {
        Pop-Location
        $env:CRYOBACKUP_CONFIG = $null
    }

    It 'is found, and New | Test | Restore run from it' {
        $null = Enter-Project "database: {database: cryo_conf}`nlocal_backup_dir: backups/database`ncompression: {level: 9}"
        $backup = New-CryoBackup
        $backup.Path | Should -BeLike (Join-Path $PWD 'backups/database/cryo_conf_*_full.dump.gz')
        (Test-CryoBackup).Path | Should -Be $backup.Path
        (Get-CryoBackup).Path | Should -Be $backup.Path
        Clear-TestDatabase cryo_conf_copy
        $backup | Test-CryoBackup | Where-Object IsValid | Restore-CryoBackup -TargetDatabase cryo_conf_copy -Create | ForEach-Object Status | Should -Be 'Restored'
        Clear-TestDatabase cryo_conf_copy
        (Restore-CryoBackup -Latest -Database cryo_conf -TargetDatabase cryo_conf_copy -Create -PlanOnly).Path | Should -Be $backup.Path
    }

    It 'is taken from -Config before CRYOBACKUP_CONFIG before the folder' {
        $file = Enter-Project "database: {database: cryo_conf}`nlocal_backup_dir: one"
        Set-Content -LiteralPath config/two.yaml -Value "database: {database: cryo_conf}`nlocal_backup_dir: two"
        Set-Content -LiteralPath config/three.yaml -Value "database: {database: cryo_conf}`nlocal_backup_dir: three"
        (New-CryoBackup).Path | Should -BeLike '*/one/*'
        $env:CRYOBACKUP_CONFIG = 'config/two.yaml'
        (New-CryoBackup).Path | Should -BeLike '*/two/*'
        (New-CryoBackup -Config config/three.yaml).Path | Should -BeLike '*/three/*'
        (New-CryoBackup -Path four).Path | Should -BeLike '*/four/*'
        $file | Should -Exist
    }

    It 'backs up several databases; the failure of one stops no other' {
        $closed = Get-ClosedPort
        $null = Enter-Project "databases:`n  - {name: cryo_conf, host: 127.0.0.1, port: $closed}`n  - cryo_conf_none`n  - cryo_conf_two`nlocal_backup_dir: b"
        $made = New-CryoBackup -ErrorVariable problems -ErrorAction SilentlyContinue
        $made.Database | Should -Be 'cryo_conf_two'
        $problems.FullyQualifiedErrorId | ForEach-Object { $_.Split(',')[0] } | Should -Be 'ConnectionFailed', 'DatabaseNotFound'
    }

    It 'asks the server for all that match' {
        $null = Enter-Project "databases: {include: ['cryo_conf*']}`nlocal_backup_dir: b"
        (New-CryoBackup).Database | Should -Be 'cryo_conf', 'cryo_conf_two'
    }

    It 'names the databases that must have a young backup, whatever lies in the folder' {
        $null = Enter-Project "databases: [cryo_conf, cryo_conf_two]`nlocal_backup_dir: b`nverification: {max_age: 26h}"
        $null = New-CryoBackup cryo_conf
        $results = Test-CryoBackup
        $results.Database | Should -Be 'cryo_conf', 'cryo_conf_two'
        $results.Verdict | Should -Be 'Passed', 'Failed'
        $results[1].Reason | Should -BeLike "*holds no backup of 'cryo_conf_two'."
        (Test-CryoBackup -MaxAge 00:00:00.001).Verdict | Should -Be 'Failed', 'Failed'
        (Test-CryoBackup -Database cryo_conf).Verdict | Should -Be 'Passed'
    }

    It 'keeps its secrets, which nothing says, writes or reports, also where nobody listens' {
        $closed = Get-ClosedPort
        $file = Enter-Project @"
database: {database: cryo_conf, password: $canary-database}
local_backup_dir: b
verification: {max_age: 26h}
reports: {html: true}
log_file: logs/cryobackup.log
metrics_file: metrics/cryobackup.prom
notifications:
  email: {from: a@example.com, to: b@example.com, smtp_server: 127.0.0.1, smtp_port: $closed, smtp_username: robot, smtp_password: $canary-mail, timeout: 2s, retries: 0}
  slack: {webhook_url: 'http://127.0.0.1:$closed/$canary-slack', timeout: 2s, retries: 0}
  teams: {webhook_url: 'http://127.0.0.1:$closed/$canary-teams', timeout: 2s, retries: 0}
  webhook: {url: 'http://127.0.0.1:$closed/$canary-hook', secret: $canary-key, headers: {Authorization: 'Bearer $canary-token'}, timeout: 2s, retries: 0}
  healthchecks: {url: 'http://127.0.0.1:$closed/$canary-ping', timeout: 2s, retries: 0}
"@
        Clear-TestDatabase cryo_conf_copy
        $said = Invoke-Shell -Command @"
            Import-Module '$ModulePath'
            `$PSStyle.OutputRendering = 'PlainText'
            `$VerbosePreference = `$DebugPreference = 'Continue'
            New-CryoBackup | Test-CryoBackup | Restore-CryoBackup -TargetDatabase cryo_conf_copy -Create | Format-List -Property *
            New-CryoBackup -Database cryo_conf_none
            Test-CryoBackup -MaxAge 1s -Database cryo_conf_none | Format-List -Property *
            Restore-CryoBackup -Latest -Database cryo_conf -TargetDatabase cryo_conf_copy
            New-CryoBackup -WhatIf
            `$Error | Format-List -Property * -Force
"@ *>&1 | Out-String -Width 1000
        Clear-TestDatabase cryo_conf_copy
        $said | Should -BeLike '*Status*: *Restored*'
        $said | Should -BeLike '*VERBOSE: Read the configuration*password: "*"*'
        $said | Should -BeLike '*WARNING: The notification by webhook failed: *'
        $said | Should -BeLike '*DatabaseNotFound*'
        $said | Should -Not -BeLike "*$canary*"
        $written = Get-ChildItem -Path $PWD -Recurse -File | Where-Object FullName -NE $file
        '.log', '.prom', '.html', '.json', '.gz' | ForEach-Object { $written.Extension | Should -Contain $_ }
        foreach ($one in $written) {
            [System.IO.File]::ReadAllText($one.FullName) | Should -Not -BeLike "*$canary*" -Because $one.FullName
        }
    }

    It 'is shown by -WhatIf, which makes nothing, and by -Verbose, with secrets masked' {
        $null = Enter-Project "database: {database: cryo_conf, password: $canary}`nlocal_backup_dir: b`nretention: {full_backup: 30}`nnotifications: {slack: {webhook_url: 'https://hooks.example/$canary'}}"
        $said = Invoke-Shell -Command "Import-Module '$ModulePath'; New-CryoBackup -WhatIf -Verbose" *>&1 | Out-String -Width 500
        $said | Should -BeLike "*database 'cryo_conf'*kept of older ones: last 3, within 30d*"
        $said | Should -BeLike '*webhook_url: "*"*'
        $said | Should -Not -BeLike "*$canary*"
        'b' | Should -Not -Exist
    }

    It 'that is wrong ends the command with its line, and nothing is made' {
        $null = Enter-Project "database: {database: cryo_conf}`nlocal_backup_dir: b`nencription: {enabled: true}"
        { New-CryoBackup } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -ExpectedMessage "*line 3, column 1*encription*"
        { Test-CryoBackup } | Should -Throw -ErrorId 'ConfigurationInvalid,*'
        'b' | Should -Not -Exist
    }

    It 'that asks for encryption without a key makes no backup' {
        $null = Enter-Project "database: {database: cryo_conf}`nlocal_backup_dir: b`nencryption: {enabled: true, key_file: config/backup_encryption_key}"
        { New-CryoBackup } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -ExpectedMessage '*backup_encryption_key*does not exist*'
        'b' | Should -Not -Exist
    }

    It 'agrees with the schema that is shipped' {
        $schema = Join-Path (Split-Path -Path $ModulePath) 'cryobackup.schema.json'
        $schema | Should -Exist
        '{"database": {"host": "a", "port": "${PORT}"}, "databases": ["a", {"name": "b"}], "notifications": {"email": {"enabled": false}}}' | Test-Json -SchemaFile $schema | Should -BeTrue
        '{"databases": "all", "verification": {"max_age": "26h"}}' | Test-Json -SchemaFile $schema | Should -BeTrue
        foreach ($wrong in '{"databse": {}}', '{"database": {"port": 0}}', '{"notifications": {"email": {"from": "a"}}}', '{"databases": [{"host": "a"}]}', '{"verification": {"max_age": "long"}}') {
            $wrong | Test-Json -SchemaFile $schema -ErrorAction SilentlyContinue | Should -BeFalse -Because $wrong
        }
    }
}

Describe 'A command without a configuration' {
    It 'asks for a database' {
        Push-Location -LiteralPath $TestDrive
        { New-CryoBackup } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -ExpectedMessage 'No database is named*'
        { Test-CryoBackup } | Should -Throw -ErrorId 'ConfigurationInvalid,*' -ExpectedMessage 'No backup is named*'
        Pop-Location
    }
}
