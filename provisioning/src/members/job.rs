//! Job titles of health and care, and of those who keep the network running.

use crate::keyed::keyed_enum;

keyed_enum! {
    /// The order is the order of choice lists and stored bytes: new ones go to the end.
    Job {
        Doctor = "doctor",
        Dentist = "dentist",
        Pharmacist = "pharmacist",
        PublicHealthNurse = "public_health_nurse",
        Midwife = "midwife",
        Nurse = "nurse",
        AssistantNurse = "assistant_nurse",
        PhysicalTherapist = "physical_therapist",
        OccupationalTherapist = "occupational_therapist",
        SpeechTherapist = "speech_therapist",
        DentalHygienist = "dental_hygienist",
        DentalTechnician = "dental_technician",
        RegisteredDietitian = "registered_dietitian",
        Dietitian = "dietitian",
        Radiographer = "radiographer",
        LaboratoryTechnician = "laboratory_technician",
        ClinicalEngineer = "clinical_engineer",
        Orthoptist = "orthoptist",
        Prosthetist = "prosthetist",
        Psychologist = "psychologist",
        MedicalSocialWorker = "medical_social_worker",
        SocialWorker = "social_worker",
        PsychiatricSocialWorker = "psychiatric_social_worker",
        CareManager = "care_manager",
        ChiefCareManager = "chief_care_manager",
        CareWorker = "care_worker",
        Helper = "helper",
        ServiceManager = "service_manager",
        LifeCounsellor = "life_counsellor",
        SupportCounsellor = "support_counsellor",
        ConsultationSpecialist = "consultation_specialist",
        WelfareEquipmentAdviser = "welfare_equipment_adviser",
        DementiaSupporter = "dementia_supporter",
        WelfareVolunteer = "welfare_volunteer",
        MedicalClerk = "medical_clerk",
        Clerk = "clerk",
        Paramedic = "paramedic",
        Official = "official",
        SystemKeeper = "system_keeper",
        Unlisted = "unlisted",
    }
}
